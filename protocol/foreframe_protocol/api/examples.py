"""Requests, and parts of answers, as they may look, for the API's documentation."""

from __future__ import annotations

from pydantic.config import JsonDict

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result
"""
CALL: JsonDict = {"source": SOURCE, "function": "total", "args": "[1, 2, 3]"}
SESSION: JsonDict = {**CALL, "breakpoints": [{"line": 5}]}
PREDICT: JsonDict = {**CALL, "action": "run_to"}
INPUTS: JsonDict = {"source": SOURCE, "function": "total", "returned": "6"}
COMPARE: JsonDict = {**CALL, "resync": "free"}
FILL: JsonDict = {
    "source": "def add(a, b):\n    # add(1, 2) -> 3\n    return ??\n",
    "candidates": 8,
}
EVIDENCE: JsonDict = {
    "example": "add(1, 2)",
    "wanted": "3",
    "predicted": "3",
    "verdict": "match",
    "basis": "worked out",
    "probability": 1.0,
}
HALTING: JsonDict = {
    "answer": "repeats",
    "text": "line 2: the loop repeats itself: all variables are the same at frames 2 and 6",
    "line": 2,
    "cycle": [2, 6],
    "basis": "worked out",
}
EVALUATE: JsonDict = {
    "predicted": '<|call_sep|>{"n": "1"}<|action_sep|>def f(n):\n<|frame_sep|>',
    "real": '<|call_sep|>{"n": "2"}<|action_sep|>def f(n):\n<|frame_sep|>',
}
BREAKPOINT: JsonDict = {"line": 4, "condition": "number > 1"}
