"""`foreframe models ...`."""

from __future__ import annotations

from pathlib import Path

import click

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


@click.group()
def models() -> None:
    """Models that can predict: what they are, what they need, how they are served."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """Which models are known."""
    from foreframe.terminal.models import show_list

    show_list(as_json=as_json)


@models.command()
@click.argument("name")
@click.option("--frame-tokens", type=click.IntRange(1, 10_000), metavar="N", help="Of one frame.")
@json_option
def show(name: str, frame_tokens: int | None, as_json: bool) -> None:
    """One model: facts, and how many sessions which GPUs hold.

    NAME is one of `foreframe models list`, or the folder of a checkpoint.
    """
    from foreframe.terminal.models import show_card

    show_card(name, frame_tokens, as_json=as_json)


@models.command()
@click.argument("name")
@click.argument("extra", nargs=-1, metavar="[-- VLLM OPTIONS]")
@click.option("--gpus", metavar="N|I,J|NxGIB", help="How many, which, or what to plan for (2x80).")
@click.option(
    "--sessions", type=click.IntRange(1, 10_000), default=8, show_default=True, metavar="N",
    help="Traces at a time that must fit.",
)  # fmt: skip
@click.option(
    "--context", type=click.IntRange(256, 10_000_000), default=32_768, show_default=True,
    metavar="TOKENS", help="Of each trace, at most.",
)  # fmt: skip
@click.option(
    "--quantization",
    type=click.Choice(["none", "fp8", "awq"]),
    help="Hold the weights in fewer bits.",
)
@click.option(
    "--tensor-parallel", type=click.IntRange(1, 1024), metavar="N", help="Not the chosen."
)
@click.option(
    "--utilization", type=click.FloatRange(0.05, 1.0), default=0.92, show_default=True,
    metavar="SHARE", help="Of each GPU's memory that vLLM may take.",
)  # fmt: skip
@click.option(
    "--speculate", type=click.IntRange(0, 64), metavar="N", help="Tokens guessed ahead; 0: none."
)
@click.option(
    "--path", metavar="FOLDER|ID", help="Where the weights are, if not where the card says."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Another needs a key.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--cluster",
    type=click.Choice(["independent", "vllm", "vllm-ray", "ray-serve"]),
    help="Write a deployment on several machines instead.",
)
@click.option("--nodes", type=click.IntRange(1, 1024), metavar="N", help="Of --cluster: machines.")
@click.option("--addresses", metavar="A,B,...", help="Of --cluster: theirs, the head's first.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Of --cluster: not to the terminal.",
)  # fmt: skip
@click.option("--run/--print", "run", default=False, help="Run it, or only print (default).")
@click.option(
    "--vllm", default="vllm", show_default=True, metavar="COMMAND", help="What starts vLLM."
)
@click.option(
    "--wait", type=click.IntRange(1), default=3600, show_default=True, metavar="SECONDS",
    help="Of --run: for the server to become ready, downloads included.",
)  # fmt: skip
@click.option(
    "--log", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Of --run."
)
@json_option
def serve(
    name: str,
    extra: tuple[str, ...],
    gpus: str | None,
    sessions: int,
    context: int,
    quantization: str | None,
    tensor_parallel: int | None,
    utilization: float,
    speculate: int | None,
    path: str | None,
    host: str,
    port: int,
    cluster: str | None,
    nodes: int | None,
    addresses: str | None,
    output: Path | None,
    run: bool,
    vllm: str,
    wait: int,
    log: Path | None,
    as_json: bool,
) -> None:
    """Print or run the vLLM command that serves a model on the GPUs that are here.

    It is refused with the arithmetic where the memory does not suffice for the weights and
    --sessions traces of --context tokens. What follows -- is given to vLLM as it is.
    """
    from foreframe.errors import BadOption
    from foreframe.terminal.models_cluster import write_cluster
    from foreframe.terminal.models_serve import ServeOptions, run_here, show_here

    options = ServeOptions(
        name, gpus, sessions, context, quantization, tensor_parallel, utilization, speculate, path,
        host, port, extra, vllm,
    )  # fmt: skip
    if cluster is not None:
        write_cluster(options, cluster, nodes, addresses, output, run=run, as_json=as_json)
    elif nodes is not None or addresses is not None or output is not None:
        raise BadOption("--nodes, --addresses and --output are for --cluster")
    elif run:
        if as_json:
            raise BadOption("--json is for what is printed, not for --run")
        run_here(options, wait, log)
    else:
        show_here(options, as_json=as_json)


@models.command()
def capacity() -> None:
    """The capacity page, models/CAPACITY.md, from the arithmetic and the measurements."""
    from foreframe_models.capacity_page import page

    click.echo(page(), nl=False)
