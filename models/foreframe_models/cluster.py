"""One model on several machines: vLLM's own deployments, and an app for Ray Serve."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from foreframe_models.capacity import Fit, Gpus
from foreframe_models.serving import (
    BadLayout,
    DoesNotFit,
    Serving,
    Wish,
    as_words,
    plan,
    shell_lines,
)

KEY = 'VLLM_API_KEY="$FOREFRAME_API_KEY" '
RPC_PORT = 13_345
RAY_PORT = 6379
SESSION_HEADER = "x-session-id"  # what every request of Foreframe's carries
CONSISTENT_HASH = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
FALLBACKS = 2  # other replicas that are tried when a session's own refuses
MAX_ONGOING = 256  # requests at a replica


class Kind(StrEnum):
    """How several machines serve together."""

    INDEPENDENT = "independent"  # a vLLM each, and Foreframe sends each session to its own
    VLLM = "vllm"  # one vLLM whose data-parallel ranks are on all of them
    VLLM_RAY = "vllm-ray"  # the same, started through Ray; also for a replica across machines
    RAY_SERVE = "ray-serve"  # Ray Serve's LLM app, replicas routed to by session


@dataclass(frozen=True, slots=True)
class Command:
    """What one machine runs. `words` begin with the program."""

    machine: str
    words: tuple[str, ...]

    def shell(self) -> str:
        """As a person would type it. vLLM takes its key from the environment, unseen by others."""
        if self.words[0] != "vllm":
            return shlex.join(self.words)
        return KEY + shell_lines(self.words[0], list(self.words[1:]))


@dataclass(frozen=True, slots=True)
class Cluster:
    """Equal machines with the same GPUs; the first address is the head's."""

    wish: Wish
    machines: tuple[str, ...]
    gpus: Gpus  # of each
    port: int = 8000

    @property
    def head(self) -> str:
        return self.machines[0]

    def fit(self) -> Fit:
        """The layout on each machine. Raises DoesNotFit or BadLayout, as `plan` does."""
        share = -(-self.wish.sessions // len(self.machines))
        fit = plan(replace(self.wish, sessions=share), self.gpus)
        assert fit is not None
        return fit

    def server(self, machine: str, *, replicas: bool = True) -> Serving:
        """One machine's own vLLM, which listens to the others."""
        fit = self.fit()
        if not replicas:
            single = replace(fit.gpus, count=fit.tensor_parallel)
            fit = Fit(fit.demand, single, fit.tensor_parallel)
        return Serving(self.wish, fit, machine, self.port)

    def engine(self, kind: Kind) -> str:
        """What `--engine` is told."""
        if kind is Kind.INDEPENDENT:
            return ",".join(self.server(machine).engine for machine in self.machines)
        url = f"http://{self.head}:{self.port}"
        if kind is Kind.RAY_SERVE:
            return f"{url}#ray-serve"
        try:
            ranks = self.fit().replicas * len(self.machines)
        except DoesNotFit:  # one replica across them
            ranks = 1
        return url if ranks == 1 else f"{url}#replicas={ranks}"

    def commands(self, kind: Kind) -> list[Command]:
        """What is run where, in this order."""
        match kind:
            case Kind.INDEPENDENT:
                return [
                    Command(machine, ("vllm", *self.server(machine).arguments()))
                    for machine in self.machines
                ]
            case Kind.VLLM:
                return self._data_parallel()
            case Kind.VLLM_RAY:
                return [*self._ray(), self._through_ray()]
            case Kind.RAY_SERVE:
                deploy = ("serve", "deploy", "foreframe.yaml")
                return [*self._ray(), Command(self.head, deploy)]

    def _data_parallel(self) -> list[Command]:
        """vLLM's data-parallel ranks: the head answers, the others compute."""
        fit, found = self.fit(), []
        for number, machine in enumerate(self.machines):
            words = ["vllm", *self.server(machine, replicas=False).arguments()]
            ranks: dict[str, object] = {
                "data-parallel-size": fit.replicas * len(self.machines),
                "data-parallel-size-local": fit.replicas,
                "data-parallel-address": self.head,
                "data-parallel-rpc-port": RPC_PORT,
            }
            if number:
                ranks |= {"headless": True, "data-parallel-start-rank": number * fit.replicas}
            found.append(Command(machine, tuple(words + as_words(ranks))))
        return found

    def _ray(self) -> list[Command]:
        """A Ray cluster of the machines."""
        head = ("ray", "start", "--head", f"--port={RAY_PORT}")
        rest = ("ray", "start", f"--address={self.head}:{RAY_PORT}")
        return [
            Command(machine, rest if number else head)
            for number, machine in enumerate(self.machines)
        ]

    def _through_ray(self) -> Command:
        """Run on the head. A model that is too large for one machine is cut across them."""
        try:
            fit = self.fit()
        except DoesNotFit:
            return self._across()
        words = ["vllm", *self.server(self.head, replicas=False).arguments()]
        ranks: dict[str, object] = {
            "data-parallel-backend": "ray",
            "data-parallel-size": fit.replicas * len(self.machines),
            "data-parallel-size-local": fit.replicas,
        }
        return Command(self.head, tuple(words + as_words(ranks)))

    def _across(self) -> Command:
        """One replica over all machines: layers in as many stages, each cut across its GPUs."""
        stages = len(self.machines)
        if self.wish.card.geometry.layers % stages:
            raise BadLayout(
                f"{self.wish.card.geometry.layers} layers cannot be cut into {stages} equal stages"
            )
        together = replace(self.gpus, memory=self.gpus.memory * stages)
        fit = plan(replace(self.wish, tensor_parallel=self.gpus.count), together)
        assert fit is not None
        server = Serving(self.wish, fit, self.head, self.port)
        split: dict[str, object] = {
            "pipeline-parallel-size": stages,
            "distributed-executor-backend": "ray",
        }
        return Command(self.head, ("vllm", *server.arguments(), *as_words(split)))

    def ray_serve(self) -> dict[str, object]:
        """The configuration that `serve deploy` reads.

        Ray's own prefix-aware router compares texts, and sees nothing in prompts of token ids,
        which Foreframe sends so that no text becomes a separator. Its consistent hashing does as
        well here: the id that it looks at is made of the prompt's beginning.
        """
        fit = self.fit()
        server = self.server(self.head, replicas=False)
        engine = {name.replace("-", "_"): value for name, value in server.model_flags().items()}
        engine["enable_prompt_tokens_details"] = True
        model = {
            "model_loading_config": {
                "model_id": self.wish.card.name,
                "model_source": self.wish.card.source,
            },
            "engine_kwargs": engine,
            "deployment_config": {
                "num_replicas": fit.replicas * len(self.machines),
                "max_ongoing_requests": MAX_ONGOING,
                "request_router_config": {
                    "request_router_class": CONSISTENT_HASH,
                    "request_router_kwargs": {"num_fallback_replicas": FALLBACKS},
                },
            },
        }
        return {
            "proxy_location": "HeadOnly",
            "http_options": {"host": self.head, "port": self.port},
            "applications": [
                {
                    "name": "foreframe",
                    "route_prefix": "/",
                    "import_path": "ray.serve.llm:build_openai_app",
                    "args": {"llm_configs": [model]},
                }
            ],
        }


def machines_named(count: int | None, addresses: str | None) -> tuple[str, ...]:
    """The machines' addresses. Raises BadLayout when they do not match their number."""
    named = [] if addresses is None else [one.strip() for one in addresses.split(",")]
    if not all(named) or any(set(one) & set(" /'\"$`;&|") for one in named):
        raise BadLayout(f"--addresses {addresses}: name hosts or IP addresses, commas between")
    if len(set(named)) < len(named):
        raise BadLayout(f"--addresses {addresses}: a machine is named twice")
    if named and count is not None and count != len(named):
        raise BadLayout(f"--nodes {count}, but {len(named)} addresses")
    if not named:
        named = [f"node{number}" for number in range(count or 2)]
    return tuple(named)


def text_of(cluster: Cluster, kind: Kind) -> str:
    """The deployment as a file: for a shell, or YAML for Ray Serve, with what to do in comments."""
    commands = cluster.commands(kind)
    if kind is Kind.RAY_SERVE:
        return _ray_serve_text(cluster, commands)
    lines = [
        f"# {cluster.wish.card.name} on {len(cluster.machines)} machines, {kind}",
        "# The machines talk to each other unencrypted: keep them in a network of their own, and",
        "# set FOREFRAME_API_KEY to the same secret on all of them and where Foreframe runs.",
        "",
    ]
    for command in commands:
        lines += [f"# on {command.machine}:", command.shell(), ""]
    lines.append(f"# then: foreframe trace FILE --engine '{cluster.engine(kind)}'")
    return "\n".join(lines) + "\n"


def _ray_serve_text(cluster: Cluster, commands: Sequence[Command]) -> str:
    import yaml  # type: ignore[import-untyped]

    steps = "".join(
        f"#   on {command.machine}: {' '.join(command.words)}\n" for command in commands
    )
    body: str = yaml.safe_dump(cluster.ray_serve(), sort_keys=False)
    return (
        f"# {cluster.wish.card.name} on {len(cluster.machines)} machines with Ray Serve's LLM app\n"
        f"# save this as foreframe.yaml, then (pip install 'ray[serve,llm]' on each)\n{steps}"
        f"# then: foreframe trace FILE --engine '{cluster.engine(Kind.RAY_SERVE)}'\n"
        f"# Ray Serve asks for no key: keep it in a network of your own.\n"
        f"# A session's requests carry {SESSION_HEADER}, by which they find the replica that holds "
        f"their prefix.\n{body}"
    )
