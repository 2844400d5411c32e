"""What statements are made of: mutations by type, loops, errors, types to assign."""

# ruff: noqa: E501 - tables read better with one template a line

from __future__ import annotations

# statements that change a variable, by its type; `{v}` is that variable
MUTATIONS: dict[str, list[tuple[float, str]]] = {
    "I": [
        (4, "{v} += {I}"), (3, "{v} -= {k}"), (2, "{v} *= {k}"), (1.5, "{v} //= {k2}"),
        (1.5, "{v} %= {k}"), (0.5, "{v} **= 2"), (0.4, "{v} |= {k}"), (0.4, "{v} &= {k}"),
        (0.4, "{v} ^= {k}"), (0.4, "{v} <<= 1"), (0.4, "{v} >>= 1"), (2, "{v} = {v} + {I}"),
        (1, "{v} = max({v}, {I})"), (1, "{v} = min({v}, {I})"), (1, "{v} = abs({v})"),
    ],
    "S": [
        (4, "{v} += {S}"), (2, "{v} = {v} + {S}"), (2, "{v} = {S} + {v}"), (2, "{v} = {v}.replace({s}, {s})"),
        (1.5, "{v} = {v}[{i}:]"), (1.5, "{v} = {v}[:-1]"), (1, "{v} = {v}[::-1]"), (1, "{v} = {v}.strip()"),
        (1, "{v} = {v}.upper()"), (1, "{v} = {v}.lower()"), (0.5, "{v} *= 2"), (0.7, "{v} = {v}.title()"),
    ],
    "LI": [
        (6, "{v}.append({I})"), (2, "{v}.extend({LI})"), (2, "{v}.insert({i}, {I})"), (3, "{v}.pop()"),
        (2, "{v}.pop(0)"), (1, "{v}.pop({i})"), (1.5, "{v}.remove({v}[{i}])"), (1.5, "{v}.reverse()"),
        (2, "{v}.sort()"), (0.7, "{v}.sort(reverse=True)"), (0.7, "{v}.clear()"), (3, "{v}[{i}] = {I}"),
        (1.5, "{v}[-1] = {I}"), (1.5, "{v}[{i}] += {I}"), (1, "del {v}[{i}]"), (1, "{v} += [{I}]"),
        (0.7, "{v}[{i}:{j}] = [{I}]"), (0.5, "del {v}[{i}:]"), (1, "{v}[0], {v}[-1] = {v}[-1], {v}[0]"),
        (0.6, "{v}[{i}] *= {k}"), (0.6, "{v} = {v}[1:]"), (0.5, "{v}.insert(0, {v}.pop())"), (0.4, "{v}[:] = {v}[::-1]"),
    ],
    "LS": [
        (6, "{v}.append({S})"), (2, "{v}.extend({LS})"), (2, "{v}.insert({i}, {S})"), (2.5, "{v}.pop()"),
        (1.5, "{v}.pop(0)"), (1.5, "{v}.remove({v}[{i}])"), (1.5, "{v}.reverse()"), (2, "{v}.sort()"),
        (0.7, "{v}.sort(key=len)"), (0.5, "{v}.clear()"), (3, "{v}[{i}] = {S}"), (1, "del {v}[{i}]"),
        (1, "{v} += [{S}]"), (1.5, "{v}[{i}] += {S}"), (1, "{v}[{i}] = {v}[{i}].upper()"), (0.6, "{v}.sort(reverse=True)"),
        (0.6, "{v}.append({v}[{i}])"),
    ],
    "DSI": [
        (4, "{v}[{s}] = {I}"), (2, "{v}[{s}] = {v}.get({s}, 0) + {I}"), (1.5, "{v}.update({{{s}: {I}}})"),
        (1.5, "{v}.pop({s}, None)"), (1.5, "{v}.setdefault({s}, {i})"), (1.6, "{v}.popitem()"),
        (0.6, "{v}.clear()"), (0.7, "del {v}[next(iter({v}))]"), (1, "{v}.update({DSI})"), (0.6, "{v} |= {{{s}: {I}}}"),
        (1, "{v}[next(iter({v}))] += {I}"),
    ],
    "DSS": [(3, "{v}[{s}] = {S}"), (1, "{v}.pop({s}, None)"), (1, "{v}.setdefault({s}, {S})"), (0.5, "{v}.popitem()"), (1, "{v}.update({{{s}: {S}}})")],
    "DIS": [(3, "{v}[{I}] = {S}"), (1, "{v}.pop({I}, None)"), (0.5, "{v}.popitem()"), (1, "{v}.setdefault({I}, {S})")],
    "DSL": [(3, "{v}.setdefault({s}, []).append({I})"), (2, "{v}[{s}] = {LI}"), (1, "{v}[next(iter({v}))].append({I})")],
    "LLI": [(3, "{v}.append({LI})"), (2, "{v}[{i}].append({I})"), (1.5, "{v}[0][0] = {I}"), (1, "{v}.pop()"), (1, "{v}.reverse()"), (1, "{v}[{i}][-1] += {I}"), (0.6, "{v}.sort()")],
    "LT": [(3, "{v}.append(({S}, {I}))"), (1, "{v}.pop()"), (1, "{v}.reverse()"), (1, "{v}.sort()")],
    "SI": [(3, "{v}.add({I})"), (1, "{v}.discard({I})"), (0.6, "{v}.update({LI})"), (0.4, "{v}.remove({I})")],
    "F": [(3, "{v} += {F}"), (2, "{v} *= {k}"), (1, "{v} = round({v}, 1)"), (1, "{v} -= {I}"), (1, "{v} /= {k}")],
    "LF": [(3, "{v}.append({F})"), (1, "{v}.sort()"), (1, "{v}.pop()")],
    "TI": [(2, "{v} += ({I},)"), (1, "{v} = {v} + ({I},)"), (1, "{v} = {v}[::-1]")],
}  # fmt: skip
EMPTY = {
    "I": "0",
    "S": "''",
    "LI": "[]",
    "LS": "[]",
    "DSI": "{}",
    "DSL": "{}",
    "LLI": "[]",
    "LT": "[]",
    "B": "False",
}
# what loops go over: weight, template, type codes of the targets
LOOPS: list[tuple[float, str, tuple[str, ...]]] = [
    (6, "{vLI}", ("I",)), (9, "{vS}", ("S",)), (5, "{vLS}", ("S",)), (2.5, "range({r})", ("I",)),
    (6, "range(len({seq}))", ("I",)), (1, "range({i}, len({seq}))", ("I",)), (0.8, "range(1, {r})", ("I",)),
    (0.8, "range({r}, 0, -1)", ("I",)), (0.5, "range(0, {r}, {k2})", ("I",)), (0.6, "range(len({seq}) - 1, -1, -1)", ("I",)),
    (2, "enumerate({vS})", ("I", "S")), (2, "enumerate({vLI})", ("I", "I")), (1.5, "enumerate({vLS})", ("I", "S")),
    (0.4, "enumerate({vLI}, 1)", ("I", "I")), (3, "{vDSI}.items()", ("S", "I")), (1, "{vDSS}.items()", ("S", "S")),
    (1, "{vDIS}.items()", ("I", "S")), (1, "{vDSL}.items()", ("S", "LI")), (1, "{vDSI}", ("S",)), (0.7, "{vDSI}.values()", ("I",)),
    (0.7, "{vDSI}.keys()", ("S",)), (1.5, "zip({vLI}, {vLI})", ("I", "I")), (1, "zip({vLS}, {vLI})", ("S", "I")),
    (1, "zip({vS}, {vS})", ("S", "S")), (1, "reversed({vLI})", ("I",)), (0.6, "reversed({vS})", ("S",)), (1, "sorted({vLI})", ("I",)),
    (0.6, "sorted({vDSI})", ("S",)), (2, "{S}.split({s})", ("S",)), (1.5, "{S}.split()", ("S",)), (1, "{vLI}[{i}:]", ("I",)), (0.7, "{vS}[::-1]", ("S",)),
    (1.5, "{vLLI}", ("LI",)), (1, "{vLT}", ("S", "I")), (0.6, "{vTI}", ("I",)), (0.4, "set({vLI})", ("I",)), (0.5, "map(str, {vLI})", ("S",)),
    (0.7, "list({vDSI}.items())", ("S", "I")), (0.7, "{vLI}[:]", ("I",)), (0.5, "[{n}, {n}, {n}]", ("I",)), (0.5, "({s}, {s}, {s})", ("S",)), (0.4, "{vLF}", ("F",)),
]  # fmt: skip
SHOWN_TYPES = {"I": "int", "S": "str", "LI": "list", "LS": "list"}
ERRORS = ("ValueError", "KeyError", "IndexError", "TypeError", "ZeroDivisionError", "AttributeError", "RuntimeError", "NotImplementedError", "AssertionError")  # fmt: skip
ASSIGNED = (("I", 6), ("S", 7), ("B", 1.5), ("F", 1), ("LI", 5), ("LS", 4), ("LLI", 0.7), ("DSI", 2), ("DSS", 0.5), ("DIS", 0.5), ("DSL", 0.4), ("TI", 0.7), ("LT", 0.7), ("SI", 0.5))  # fmt: skip
# type of a loop's target → type of a variable → how the variable takes it in
GATHERED: dict[str, dict[str, tuple[str, ...]]] = {
    "I": {
        "I": ("{v} += {t}", "{v} = max({v}, {t})", "{v} -= {t}"),
        "LI": ("{v}.append({t})", "{v}.append({t} * 2)", "{v}.insert(0, {t})"),
        "S": ("{v} += str({t})",),
        "SI": ("{v}.add({t})",),
    },
    "S": {
        "I": ("{v} += len({t})",),
        "S": ("{v} += {t}", "{v} = {t} + {v}", "{v} += {t}.upper()"),
        "LS": ("{v}.append({t})", "{v}.insert(0, {t})", "{v}.append({t}.upper())"),
        "DSI": ("{v}[{t}] = {v}.get({t}, 0) + 1", "{v}[{t}] = len({t})"),
    },
    "LI": {
        "LLI": ("{v}.append({t})",),
        "LI": ("{v}.extend({t})", "{v} += {t}"),
        "I": ("{v} += len({t})", "{v} += sum({t})"),
    },
    "F": {"F": ("{v} += {t}",), "LF": ("{v}.append({t})",)},
}
# what is returned of the one variable that nothing has read yet
RETURNED: dict[str, tuple[str, ...]] = {
    "LI": ("sum({v})", "sorted({v})", "len({v})", "{v}[::-1]", "max({v})"),
    "LS": ("''.join({v})", "', '.join({v})", "len({v})", "{v}[0]"),
    "S": ("{v}.upper()", "len({v})", "{v}[::-1]", "{v}.strip()", "{v} + '!'"),
    "I": ("{v} * 2", "str({v})", "{v} % 7", "{v} > 0"),
    "DSI": ("list({v}.items())", "sorted({v})", "max({v}, key={v}.get)", "len({v})"),
    "B": ("not {v}", "str({v})"),
}
