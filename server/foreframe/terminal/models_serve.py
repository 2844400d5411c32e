"""`foreframe models serve`: the vLLM command for these GPUs, printed or run."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from platformdirs import user_log_path
from rich.console import Console
from rich.text import Text

from foreframe import errors, gpus
from foreframe.model_server import Ended, ModelServer
from foreframe.terminal.models import card_of
from foreframe.terminal.sessions import print_json
from foreframe.terminal.table import printable
from foreframe_models import catalog, serving
from foreframe_models.capacity import Quantization
from foreframe_models.catalog import Card
from foreframe_models.engines.vllm_replies import API_KEY
from foreframe_models.serving import Serving, Wish, gib

LOOPBACK = ("127.0.0.1", "::1", "localhost")
VLLM_KEY = "VLLM_API_KEY"


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line says."""

    name: str
    gpus: str | None = None
    sessions: int = 8
    context: int = 32_768
    quantization: str | None = None
    tensor_parallel: int | None = None
    utilization: float = 0.92
    speculate: int | None = None
    path: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    extra: tuple[str, ...] = ()
    vllm: str = "vllm"


def wished(options: ServeOptions) -> Wish:
    """What is to be served. Raises ServingError or BadOption."""
    card = served_card(options)
    return Wish(card, options.sessions, options.context, options.tensor_parallel, options.speculate)


def served_card(options: ServeOptions) -> Card:
    """The card with its place and its quantization. Raises NoSuchModel or CheckpointUnusable."""
    card = card_of(options.name)
    try:
        if options.path is not None:
            card = catalog.placed(card, options.path)
        if options.quantization is not None:
            card = card.quantized(Quantization(options.quantization))
    except catalog.BadCheckpoint as error:
        raise errors.CheckpointUnusable(str(error)) from error
    if card.source is None:
        raise errors.CheckpointUnusable(
            f"there is no build of {card.name} that could be named for you: give the folder or "
            f"the repository of one with --path. {' '.join(card.notes)}"
        )
    return card


def planned(options: ServeOptions) -> tuple[Serving, gpus.Found]:
    """The server to start, and its GPUs. Raises ServingError or BadOption."""
    wish = wished(options)
    found = gpus.chosen(options.gpus, gpus.detect(), options.utilization)
    try:
        fit = serving.plan(wish, found.gpus)
    except serving.DoesNotFit as error:
        raise errors.DoesNotFit(str(error)) from error
    except serving.NeedsGpu as error:
        raise errors.NoGpu(str(error)) from error
    except serving.BadLayout as error:
        raise errors.BadLayout(str(error)) from error
    if options.host not in LOOPBACK and not os.environ.get(API_KEY):
        raise errors.BadOption(
            f"--host {options.host} lets others in: set {API_KEY} to a secret first, which vLLM "
            "and Foreframe then ask for and send"
        )
    devices = found.devices
    return Serving(wish, fit, options.host, options.port, devices, options.extra), found


def show_here(options: ServeOptions, *, as_json: bool) -> None:
    """Prints the command. Raises ServingError or BadOption."""
    server, found = planned(options)
    if as_json:
        print_json(
            {
                "command": [*shlex.split(options.vllm), *server.arguments()],
                "environment": dict(server.environment),
                "engine": server.engine,
                "layout": layout(server),
            }
        )
        return
    for line in [*told(server), *filter(None, [found.note])]:
        print(f"# {line}")
    key = "" if options.host in LOOPBACK else f'{VLLM_KEY}="${API_KEY}" '
    print(key + server.shell(options.vllm))
    print(f"# then: foreframe trace FILE --engine {shlex.quote(server.engine)}")


def run_here(options: ServeOptions, wait: int, log: Path | None) -> None:
    """Runs the command until a signal ends it. Raises ServingError or BadOption."""
    server, found = planned(options)
    if found.planned:
        raise errors.BadOption("--gpus 2x80 is to plan with: those GPUs are not here to --run on")
    console = Console(stderr=True)
    environment = dict(server.environment)
    if key := os.environ.get(API_KEY):
        environment[VLLM_KEY] = key
    log = log or user_log_path("foreframe", ensure_exists=True) / f"vllm-{options.port}.log"
    child = ModelServer(shlex.split(options.vllm), server.arguments(), environment, server.url, log)
    for line in [*told(server), *filter(None, [found.note]), f"its log: {log}"]:
        console.print(Text(printable(line)))
    try:
        with child.running():
            _wait(child, wait, console)
            print(f"ready: foreframe trace FILE --engine {shlex.quote(server.engine)}", flush=True)
            child.wait()
    except Ended:
        pass
    console.print("ended")


def _wait(child: ModelServer, seconds: int, console: Console) -> None:
    """Shows how long it has been, and what the log said last."""
    begun = monotonic()
    with console.status("vLLM starts") as status:

        def tell(line: str) -> None:
            text = printable(line)[-max(20, console.width - 30) :]
            status.update(Text(f"vLLM starts, {monotonic() - begun:.0f} s: {text}"))

        child.wait_until_ready(seconds, tell)
    console.print(f"ready after {monotonic() - begun:.0f} s")


def layout(server: Serving) -> dict[str, object]:
    """The arithmetic of a layout, as plain data."""
    fit = server.fit
    if fit is None:
        return {"device": "cpu"}
    return {
        "device": fit.gpus.name,
        "gpus": fit.gpus.count,
        "tensor_parallel": fit.tensor_parallel,
        "replicas": fit.replicas,
        "weight_bytes_per_gpu": fit.weights,
        "workspace_bytes_per_gpu": fit.workspace,
        "kv_bytes_per_gpu": fit.blocks * fit.cache.block_bytes,
        "blocks": fit.blocks,
        "sessions": fit.sessions,
        "kept_tokens": fit.kept_tokens * fit.replicas,
    }


def told(server: Serving) -> list[str]:
    """The same for a person."""
    fit, card = server.fit, server.card
    if fit is None:
        return [f"{card.name} on the CPU: no GPU was found, and it is small enough"]
    used = fit.tensor_parallel * fit.replicas
    idle = fit.gpus.count - used
    lines = [
        f"{card.name} on {used} x {fit.gpus.name} of {gib(fit.gpus.memory)}: "
        f"{fit.replicas} replica{'s' * (fit.replicas > 1)} of {fit.tensor_parallel}",
        f"each GPU: {gib(fit.weights)} weights, {gib(fit.workspace)} for activations and runtime, "
        f"{gib(fit.blocks * fit.cache.block_bytes)} keys and values",
        f"{fit.sessions} sessions of {fit.demand.context:,} tokens at a time; "
        f"{fit.kept_tokens * fit.replicas:,} tokens of traces kept to go back to",
    ]
    if idle:
        lines.append(f"{idle} GPU{'s are' if idle > 1 else ' is'} left idle")
    return lines
