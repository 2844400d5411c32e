"""Values as their reprs show them: trees to expand, comparison, and the texts of their parts."""

from foreframe_protocol.comparison import canonical, compare, differences
from foreframe_protocol.repr_text import elements, entries, string_body, unescape
from foreframe_protocol.value_tree import (
    MAX_DEPTH,
    MAX_NODES,
    Child,
    Kind,
    NotLiteral,
    Tree,
    attribute,
    item,
    literal,
    parse_value,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "Child",
    "Kind",
    "NotLiteral",
    "Tree",
    "attribute",
    "canonical",
    "compare",
    "differences",
    "elements",
    "entries",
    "item",
    "literal",
    "parse_value",
    "string_body",
    "unescape",
]
