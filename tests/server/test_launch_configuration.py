"""What the launch configuration in VS Code says about what is executed."""

import json
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "client-vscode" / "package.json"


def test_each_mode_says_whether_it_executes_the_program() -> None:
    package = json.loads(PACKAGE.read_text())
    (debugger,) = package["contributes"]["debuggers"]
    mode = debugger["configurationAttributes"]["launch"]["properties"]["mode"]
    said = dict(zip(mode["enum"], mode["enumDescriptions"], strict=True))
    assert mode["default"] == "imagine"
    assert said["imagine"].startswith("Nothing is executed, ever")
    assert "IS EXECUTED" in said["check"]
    assert "IS EXECUTED" in said["live"]
