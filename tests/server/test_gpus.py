"""Which GPUs a model is served on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foreframe import gpus
from foreframe.errors import BadOption
from foreframe.gpus import Device, chosen, detect, read
from foreframe_models.capacity import GIB

TWO = [Device(0, "NVIDIA H100 80GB HBM3", 80 * GIB), Device(1, "NVIDIA H100 80GB HBM3", 80 * GIB)]


def test_nvidia_smi_s_table_is_read() -> None:
    assert read("0, NVIDIA H100 80GB HBM3, 81559\n1, A, B, 24576\n") == [
        Device(0, "NVIDIA H100 80GB HBM3", 81559 << 20),
        Device(1, "A, B", 24576 << 20),
    ]
    assert read("0, NVIDIA GB10, [N/A]\nNo devices were found\n\n") == []


def test_the_gpus_that_nvidia_smi_lists_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, NVIDIA H200, 143771'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert detect() == [Device(0, "NVIDIA H200", 143771 << 20)]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert detect() == []


def test_without_nvidia_smi_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "QUERY", ("no-such-program-anywhere",))
    assert detect() == []
    assert chosen(None, [], 0.9).gpus is None


def test_all_gpus_are_taken_unless_some_are_named() -> None:
    everything = chosen(None, TWO, 0.9)
    assert everything.gpus is not None
    assert (everything.gpus.count, everything.gpus.budget) == (2, int(72 * GIB))
    assert chosen("1", TWO, 0.9).devices == (0,)
    assert chosen("2", TWO, 0.9).devices == ()
    four = [Device(number, "x", 80 * GIB) for number in range(4)]
    assert chosen("1,3", four, 0.9).devices == (1, 3)


def test_gpus_that_are_not_here_can_be_planned_for() -> None:
    found = chosen("8x141", [], 0.92)
    assert found.planned
    assert found.gpus is not None
    assert (found.gpus.count, found.gpus.memory) == (8, 141 * GIB)


def test_gpus_that_differ_count_as_the_smallest() -> None:
    found = chosen(None, [*TWO, Device(2, "L4", 24 * GIB)], 0.9)
    assert found.gpus is not None
    assert (found.gpus.count, found.gpus.memory) == (3, 24 * GIB)
    assert "3 x L4" in found.note


@pytest.mark.parametrize("wanted", ["3", "0,5", "0,0", "x", "0x80", "2x0", "-1", "", "²", "1" * 9])
def test_gpus_that_cannot_be_are_refused(wanted: str) -> None:
    with pytest.raises(BadOption, match="--gpus"):
        chosen(wanted, TWO, 0.9)
