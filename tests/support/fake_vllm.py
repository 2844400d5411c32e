"""Stands in for the command `vllm`: `fake_vllm.py serve MODEL --port N ...`.

What it does is in FAKE_VLLM: `ready` answers health checks after a moment, `dies` ends at once with
a message, `deaf` never answers, `stubborn` answers and will not end when asked to, with a child
that outlives it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

BEHAVIOUR = os.environ.get("FAKE_VLLM", "ready")


class Health(BaseHTTPRequestHandler):
    """Healthy."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def main() -> None:
    print("arguments", *sys.argv[1:], flush=True)
    print("key", os.environ.get("VLLM_API_KEY"), flush=True)
    if BEHAVIOUR == "dies":
        sys.exit("ValueError: no such device")
    if BEHAVIOUR == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("child", child.pid, flush=True)
    print("loading weights", flush=True)
    if BEHAVIOUR == "deaf":
        time.sleep(600)
    time.sleep(0.5)
    port = int(sys.argv[sys.argv.index("--port") + 1])
    HTTPServer(("127.0.0.1", port), Health).serve_forever()


if __name__ == "__main__":
    main()
