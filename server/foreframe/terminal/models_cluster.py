"""`foreframe models serve --cluster`: a deployment on several machines, written to a file."""

from __future__ import annotations

from pathlib import Path

from foreframe import errors, gpus
from foreframe.terminal.models_serve import ServeOptions, wished
from foreframe.terminal.sessions import print_json
from foreframe_models import serving
from foreframe_models.cluster import Cluster, Kind, machines_named, text_of


def write_cluster(
    options: ServeOptions,
    kind: str,
    nodes: int | None,
    addresses: str | None,
    output: Path | None,
    *,
    run: bool,
    as_json: bool,
) -> None:
    """Prints or writes the deployment. Raises ServingError, BadOption or NotWritten."""
    if run:
        raise errors.BadOption("--cluster is written and not --run: each machine runs its own part")
    found = gpus.chosen(options.gpus, gpus.detect(), options.utilization)
    if found.gpus is None:
        raise errors.NoGpu(
            "no GPU was found here: say what each machine has, --gpus 8x80 for eight of 80 GiB"
        )
    try:
        machines = machines_named(nodes, addresses)
        cluster = Cluster(wished(options), machines, found.gpus, options.port)
        text = text_of(cluster, Kind(kind))
    except serving.DoesNotFit as error:
        raise errors.DoesNotFit(
            f"{error}\n(each of {len(machines)} machines has its share of the sessions; "
            "--cluster vllm-ray can cut one replica across them)"
        ) from error
    except serving.BadLayout as error:
        raise errors.BadLayout(str(error)) from error
    if as_json:
        print_json(
            {
                "commands": [
                    {"machine": one.machine, "command": list(one.words)}
                    for one in cluster.commands(Kind(kind))
                ],
                "engine": cluster.engine(Kind(kind)),
                "ray_serve": cluster.ray_serve() if kind == Kind.RAY_SERVE else None,
            }
        )
    elif output is None:
        print(text, end="")
    else:
        try:
            output.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            why = error.strerror or str(error)
            raise errors.NotWritten(f"{output} cannot be written ({why})") from error
