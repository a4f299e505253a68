"""Invariant: every table, key and item of a TOML text is found on the line on which it is written."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli import toml
from streams.settings.lines import Path, locate

DOCUMENT = """
top = 1
[a]
b.c = [ # comment ]
  1, { x = "}" },
  [2,
   3],
]
'd e' = '''
[[a]]
'''
[[list]]
n = 0
[list.sub]
deep = true
[[list.items]]
v = "\\"]"
[[list]]
n = 1
inline = { p = { q = 1 }, r = [1, 2] }
"""


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Every path of a parsed document."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [found for key, item in items for found in ((*path, key), *paths(item, (*path, key)))]


def test_each_thing_is_found_on_its_line() -> None:
    """Comments, strings over several lines, nested lists and tables do not mislead the count."""
    lines = locate(DOCUMENT)
    expected = {
        ("top",): 2,
        ("a",): 3,
        ("a", "b"): 4,
        ("a", "b", "c"): 4,
        ("a", "b", "c", 0): 5,
        ("a", "b", "c", 1, "x"): 5,
        ("a", "b", "c", 2): 6,
        ("a", "b", "c", 2, 1): 7,
        ("a", "d e"): 9,
        ("list", 0): 12,
        ("list", 0, "n"): 13,
        ("list", 0, "sub"): 14,
        ("list", 0, "sub", "deep"): 15,
        ("list", 0, "items", 0): 16,
        ("list", 0, "items", 0, "v"): 17,
        ("list", 1): 18,
        ("list", 1, "inline", "p", "q"): 20,
        ("list", 1, "inline", "r", 1): 20,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_nothing_of_a_document_is_left_out() -> None:
    """Every path that the parser knows has a line, so that no mistake goes without."""
    assert [path for path in paths(tomllib.loads(DOCUMENT)) if path not in locate(DOCUMENT)] == []


# A word of a platform may be a key, as in `events = { "order.created" = "order.placed" }`.
names = st.from_regex(r"\A[a-z][a-z0-9_. é-]{0,8}\Z")
scalars = st.one_of(
    st.integers(), st.booleans(), st.text(max_size=12), st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
tables = st.dictionaries(names, values, max_size=4)
documents = st.dictionaries(names, st.one_of(tables, st.lists(tables, min_size=1, max_size=3)), max_size=4)


@given(documents)
def test_any_document_that_we_write_reads_back_and_is_located(document: dict[str, Any]) -> None:
    """`orderlog config` writes TOML for people and machines; the scanner must follow whatever is in it."""
    text = toml.dumps(document)
    assert tomllib.loads(text) == document
    lines = locate(text)
    assert [path for path in paths(document) if path not in lines] == []


@pytest.mark.parametrize("text", ["", "\n", "# only this", "a = 1", "[a]", "a.b.'c' = '#'"])
def test_small_documents_end_well(text: str) -> None:
    """The end of the text is no special case."""
    assert sorted(locate(text), key=str) == sorted(paths(tomllib.loads(text)), key=str)
