"""Deployments on several machines."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise

import pytest
import yaml

from foreframe_models import catalog
from foreframe_models.capacity import GIB, Gpus
from foreframe_models.cluster import Cluster, Kind, machines_named, text_of
from foreframe_models.serving import BadLayout, DoesNotFit, Wish

CWM = catalog.cards()["cwm"]


def cluster(sessions: int = 40, gpus: Gpus | None = None, machines: int = 2) -> Cluster:
    return Cluster(Wish(CWM, sessions), machines_named(machines, None), gpus or Gpus(4, 80 * GIB))


def options(words: tuple[str, ...]) -> dict[str, str]:
    return {a: b for a, b in pairwise(words) if a.startswith("--")}


def test_independent_servers_are_told_apart_by_foreframe() -> None:
    made = cluster()
    commands = made.commands(Kind.INDEPENDENT)
    assert [one.machine for one in commands] == ["node0", "node1"]
    assert all(options(one.words)["--data-parallel-size"] == "2" for one in commands)
    assert made.engine(Kind.INDEPENDENT) == (
        "http://node0:8000#replicas=2,http://node1:8000#replicas=2"
    )


def test_ranks_of_one_vllm_are_numbered_across_the_machines() -> None:
    head, other = cluster().commands(Kind.VLLM)
    for command in (head, other):
        told = options(command.words)
        assert told["--data-parallel-size"] == "4"
        assert told["--data-parallel-size-local"] == "2"
        assert told["--data-parallel-address"] == "node0"
        assert command.words.count("--data-parallel-size") == 1
    assert "--headless" not in head.words
    assert "--headless" in other.words
    assert options(other.words)["--data-parallel-start-rank"] == "2"
    assert cluster().engine(Kind.VLLM) == "http://node0:8000#replicas=4"


def test_through_ray_one_command_starts_all_ranks() -> None:
    *ray, vllm = cluster(machines=3).commands(Kind.VLLM_RAY)
    assert [one.words[:2] for one in ray] == [("ray", "start")] * 3
    assert options(vllm.words)["--data-parallel-backend"] == "ray"
    assert options(vllm.words)["--data-parallel-size"] == "6"


def test_a_model_too_large_for_a_machine_is_cut_across_them_through_ray_only() -> None:
    small = Gpus(2, 24 * GIB)
    with pytest.raises(DoesNotFit):
        cluster(2, small, 4).commands(Kind.VLLM)
    told = options(cluster(2, small, 4).commands(Kind.VLLM_RAY)[-1].words)
    assert told["--tensor-parallel-size"] == "2"
    assert told["--pipeline-parallel-size"] == "4"
    assert told["--distributed-executor-backend"] == "ray"
    assert "--engine 'http://node0:8000'" in text_of(cluster(2, small, 4), Kind.VLLM_RAY)
    with pytest.raises(BadLayout, match="64 layers"):
        cluster(2, small, 3).commands(Kind.VLLM_RAY)


def test_ray_serve_reads_its_file_and_sends_sessions_where_their_prefix_is() -> None:
    read = yaml.safe_load(text_of(cluster(), Kind.RAY_SERVE))
    assert read == cluster().ray_serve()
    (application,) = read["applications"]
    assert application["import_path"] == "ray.serve.llm:build_openai_app"
    (model,) = application["args"]["llm_configs"]
    assert model["model_loading_config"]["model_source"] == "facebook/cwm"
    assert model["deployment_config"]["num_replicas"] == 4
    router = model["deployment_config"]["request_router_config"]["request_router_class"]
    assert router.endswith("ConsistentHashRouter")
    assert cluster().engine(Kind.RAY_SERVE) == "http://node0:8000#ray-serve"
    assert model["engine_kwargs"]["tensor_parallel_size"] == 2
    assert model["engine_kwargs"]["prefix_cache_retention_interval"] == 512


@pytest.mark.skipif(find_spec("grpc") is None, reason="needs ray[serve]")
def test_ray_itself_reads_its_file() -> None:
    schema = pytest.importorskip("ray.serve.schema", exc_type=ImportError)
    models = pytest.importorskip(
        "ray.llm._internal.serve.core.configs.llm_config", exc_type=ImportError
    )
    read = yaml.safe_load(text_of(cluster(), Kind.RAY_SERVE))
    assert schema.ServeDeploySchema.model_validate(read).http_options.host == "node0"
    (model,) = read["applications"][0]["args"]["llm_configs"]
    assert models.LLMConfig.model_validate(model).model_id == "cwm"


def test_machines_can_be_named_and_their_names_are_checked() -> None:
    assert machines_named(None, None) == ("node0", "node1")
    assert machines_named(None, "10.0.0.1, gpu-b") == ("10.0.0.1", "gpu-b")
    for count, names in ((3, "a,b"), (None, "a,,b"), (None, "a,a"), (None, "a;reboot")):
        with pytest.raises(BadLayout):
            machines_named(count, names)


def test_a_file_for_a_shell_says_what_runs_where() -> None:
    text = text_of(cluster(), Kind.VLLM)
    assert text.index("# on node0:") < text.index("# on node1:") < text.index("# then: foreframe")
    assert text.count('VLLM_API_KEY="$FOREFRAME_API_KEY" vllm') == 2
