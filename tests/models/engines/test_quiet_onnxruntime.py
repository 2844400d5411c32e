"""Nothing is gathered about the person who runs a model."""

import os
import subprocess
import sys
from pathlib import Path

from foreframe_models import catalog

USE = """
from pathlib import Path
from foreframe_models.engines.onnx_model import OnnxModel
OnnxModel(Path({folder!r}))
"""


def test_a_loaded_model_leaves_no_file_in_the_persons_home(tmp_path: Path) -> None:
    use = USE.format(folder=str(catalog.SHIPPED))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-c", use],
        env={**environment, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)},
        check=True,
        timeout=60,
    )
    assert list(tmp_path.rglob("*")) == []
