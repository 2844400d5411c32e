"""The vLLM command for given GPUs, and the reasons why there is none."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

from foreframe_models import catalog
from foreframe_models.capacity import GIB, Gpus
from foreframe_models.serving import (
    BadLayout,
    DoesNotFit,
    NeedsGpu,
    Serving,
    Wish,
    plan,
    shell_lines,
)

CARDS = catalog.cards()


def served(name: str, gpus: Gpus | None, **wished: int) -> Serving:
    wish = Wish(CARDS[name], **wished)
    return Serving(wish, plan(wish, gpus))


def value(server: Serving, option: str) -> str:
    words = server.arguments()
    return words[words.index(option) + 1]


def test_cwm_on_two_large_gpus_is_cut_in_two_with_all_that_a_debugger_needs() -> None:
    server = served("cwm", Gpus(2, 80 * GIB))
    words = server.arguments()
    assert words[:2] == ["serve", "facebook/cwm"]
    assert value(server, "--tensor-parallel-size") == "2"
    assert "--data-parallel-size" not in words
    assert "--enable-prefix-caching" in words
    assert int(value(server, "--prefix-cache-retention-interval")) % 16 == 0
    assert value(server, "--scheduling-policy") == "priority"
    assert json.loads(value(server, "--structured-outputs-config")) == {"backend": "guidance"}
    assert json.loads(value(server, "--speculative-config"))["method"] == "ngram"
    assert value(server, "--max-logprobs") == "32"
    assert "--enable-prompt-tokens-details" in words
    assert server.engine == "http://127.0.0.1:8000"


def test_more_gpus_than_a_replica_needs_hold_more_replicas() -> None:
    server = served("cwm", Gpus(8, 80 * GIB), sessions=64)
    assert value(server, "--tensor-parallel-size") == "2"
    assert value(server, "--data-parallel-size") == "4"
    assert server.engine == "http://127.0.0.1:8000#replicas=4"


def test_a_model_without_windows_is_not_told_how_to_keep_them() -> None:
    server = served("small", None)
    assert "--prefix-cache-retention-interval" not in server.arguments()
    assert "--prefix-cache-retention-interval" in served("cwm-sft", Gpus(4, 80 * GIB)).arguments()


def test_on_a_cpu_only_small_models_are_served() -> None:
    server = served("small", None)
    assert server.environment["VLLM_TARGET_DEVICE"] == "cpu"
    assert "--speculative-config" not in server.arguments()
    assert value(server, "--max-model-len") == "2048"  # what it can, not what was asked
    with pytest.raises(NeedsGpu, match=r"32\.6 billion parameters \(60\.7 GiB"):
        plan(Wish(CARDS["cwm"]), None)


def test_a_quantized_model_is_served_with_its_kernels() -> None:
    server = served("cwm-awq", Gpus(1, 80 * GIB))
    assert value(server, "--quantization") == "awq_marlin"
    fp8 = Wish(CARDS["cwm"].quantized(CARDS["cwm"].quantization.__class__.FP8), 4)
    words = Serving(fp8, plan(fp8, Gpus(1, 80 * GIB))).arguments()
    assert words[words.index("--quantization") + 1] == "fp8"


def test_a_shortfall_is_told_with_its_arithmetic_and_what_would_fit() -> None:
    with pytest.raises(DoesNotFit) as refused:
        plan(Wish(CARDS["cwm"]), Gpus(1, 80 * GIB, "H100"))
    told = str(refused.value)
    assert "8 sessions of 32,768 tokens does not fit 1 x H100 of 80.0 GiB" in told
    assert "60.7 GiB  weights" in told
    assert "28.0 GiB  keys and values of 8 sessions, 3.5 GiB each" in told
    assert "21.2 GiB  are missing" in told
    for remedy in (
        "--sessions 1",
        "--context 4096",
        "--quantization fp8",
        "cwm-awq",
        "2 such GPUs",
    ):
        assert remedy in told


def test_what_is_said_to_fit_does() -> None:
    wish = Wish(CARDS["cwm"])
    assert plan(replace(wish, sessions=1), Gpus(1, 80 * GIB)) is not None
    assert plan(replace(wish, context=4096), Gpus(1, 80 * GIB)) is not None
    assert plan(replace(wish, card=CARDS["cwm-awq"]), Gpus(1, 80 * GIB)) is not None


def test_weights_that_fit_nowhere_leave_only_more_gpus() -> None:
    with pytest.raises(DoesNotFit, match="What would fit: 4 such GPUs"):
        plan(Wish(CARDS["cwm"], 1, 8192), Gpus(1, 24 * GIB))


def test_a_degree_that_breaks_heads_is_refused_with_those_that_do_not() -> None:
    with pytest.raises(BadLayout, match="--tensor-parallel can be 1, 2, 4"):
        plan(Wish(CARDS["cwm"], tensor_parallel=3), Gpus(6, 80 * GIB))
    fit = plan(Wish(CARDS["cwm"], 1, tensor_parallel=4), Gpus(8, 141 * GIB))
    assert fit is not None
    assert (fit.tensor_parallel, fit.replicas) == (4, 2)


def test_the_printed_command_is_the_one_that_is_run() -> None:
    server = replace(served("cwm", Gpus(2, 80 * GIB)), devices=(0, 3), extra=("--seed", "a b;c"))
    words = shlex.split(server.shell().replace("\\\n", " "))
    assert words == ["CUDA_VISIBLE_DEVICES=0,3", "vllm", *server.arguments()]


def test_a_word_of_a_shell_stays_a_word() -> None:
    assert shlex.split(shell_lines("x", ["$(a)", "--b", "'"]).replace("\\\n", " ")) == [
        "x", "$(a)", "--b", "'",
    ]  # fmt: skip
