"""The GPUs of this machine, as nvidia-smi tells them, or those that a person names."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from foreframe.errors import BadOption
from foreframe_models.capacity import GIB, Gpus

MIB = 1 << 20
QUERY = ("nvidia-smi", "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits")
ANSWER_SECONDS = 20
PLANNED = re.compile(r"(\d{1,4})x(\d{1,5}(?:\.\d+)?)")
NUMBERS = re.compile(r"\d{1,3}(,\d{1,3})+")
MOST = 1024


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU; `memory` in bytes."""

    index: int
    name: str
    memory: int


@dataclass(frozen=True, slots=True)
class Found:
    """The GPUs to serve on. `devices` are their numbers, empty for all, or for planned ones."""

    gpus: Gpus | None
    devices: tuple[int, ...] = ()
    planned: bool = False
    note: str = ""


def detect() -> list[Device]:
    """The GPUs that nvidia-smi lists; none where it does not run."""
    try:
        done = subprocess.run(
            QUERY, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return read(done.stdout)


def read(table: str) -> list[Device]:
    """nvidia-smi's answer to QUERY; lines that are no GPU with memory of its own are left out."""
    devices = []
    for line in table.splitlines():
        index, _, rest = line.partition(",")
        name, _, memory = rest.rpartition(",")
        if index.strip().isdigit() and memory.strip().isdigit():
            devices.append(Device(int(index), name.strip(), int(memory) * MIB))
    return devices


def chosen(wanted: str | None, devices: list[Device], utilization: float) -> Found:
    """What `--gpus` means here: `2` of those found, `0,3` by number, `2x80` planned ones.

    Without it all that there are. Raises BadOption.
    """
    if wanted is None:
        return _of(devices, (), utilization)
    if planned := PLANNED.fullmatch(wanted):
        count, memory = int(planned[1]), float(planned[2])
        if not 0 < count <= MOST or memory <= 0:
            raise BadOption(f"--gpus {wanted}: name at least one GPU, with its memory in GiB")
        return Found(Gpus(count, int(memory * GIB), "GPU", utilization), planned=True)
    if NUMBERS.fullmatch(wanted):
        numbers = [int(number) for number in wanted.split(",")]
        named = [device for device in devices if device.index in numbers]
        if len(named) != len(set(numbers)) or len(set(numbers)) != len(numbers):
            raise BadOption(f"--gpus {wanted}: {_there_are(devices)}")
        return _of(named, tuple(numbers), utilization)
    if not wanted.isdecimal() or len(wanted) > 4:
        raise BadOption(
            f"--gpus {wanted}: write a number of GPUs (2), their numbers (0,1), or what to plan "
            "for (2x80: two of 80 GiB)"
        )
    count = int(wanted)
    if count > len(devices):
        raise BadOption(f"--gpus {wanted}: {_there_are(devices)}; to plan for others: {count}x80")
    first = devices[:count]
    numbers = [device.index for device in first]
    return _of(first, () if count == len(devices) else tuple(numbers), utilization)


def _of(devices: list[Device], numbers: tuple[int, ...], utilization: float) -> Found:
    if not devices:
        return Found(None)
    least = min(devices, key=lambda device: device.memory)
    note = ""
    if any(device.memory != least.memory for device in devices):
        note = f"the GPUs differ: counted as {len(devices)} x {least.name}, the smallest"
    gpus = Gpus(len(devices), least.memory, least.name, utilization)
    return Found(gpus, numbers, note=note)


def _there_are(devices: list[Device]) -> str:
    if not devices:
        return "nvidia-smi lists no GPU here"
    numbers = ", ".join(str(device.index) for device in devices)
    return f"this machine has {len(devices)}, numbered {numbers}"
