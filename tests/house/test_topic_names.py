"""No topic name is written outside of the topic table: a name written twice is a name that drifts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from streams import topics

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "streams/topics.py"
FOLDERS = ("ingest", "streams", "projections", "connectors", "tests")
# The table's own test, and this one, which shows what is caught.
EXEMPT = {TABLE, Path(__file__), ROOT / "tests/streams/test_topics.py"}

FIXED = tuple(topic.name for topic in topics.table((), ()))
PREFIXES = (topics.webhooks(""), topics.commands(""), topics.deliveries(""))
# A whole name, a prefix with a name behind it, or a bare prefix that begins the text (to put a name behind it);
# not a part of an address or of a longer name, and not a word that ends a sentence.
_WHOLE = "|".join(map(re.escape, FIXED))
_PREFIX = "|".join(map(re.escape, PREFIXES))
NAME = re.compile(rf"(?<![\w./-])(?:{_WHOLE}|(?:{_PREFIX})[\w-]+|(?:(?<!.)(?:{_PREFIX})))(?![\w./-])")


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The strings and byte strings of a module that are values: docstrings and f-strings' text included, prose not."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("latin-1")


def written(source: str) -> list[tuple[int, str]]:
    """The topic names that are written in a module's values."""
    return [(line, name) for line, text in literals(ast.parse(source)) for name in NAME.findall(text)]


def test_no_topic_name_is_written_outside_the_table() -> None:
    """Rename a topic in the table, and everything follows."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path not in EXEMPT]
    assert len(files) > 20
    found = [f"{path.relative_to(ROOT)}:{line}: {name}" for path in files for line, name in written(path.read_text())]
    assert found == []


def test_the_scan_finds_names_however_they_are_put_together() -> None:
    """A scan that finds nothing must be one that could."""
    name = topics.EVENTS
    caught = [f'a = "{name}"', f'a = b"{name}"', f'f("{PREFIXES[0]}" + source)', f'a = f"{PREFIXES[1]}{{target}}"']
    assert [len(written(source)) for source in caught] == [1, 1, 1, 1]


def test_the_scan_leaves_prose_and_other_names_alone() -> None:
    """Docstrings may speak of topics; addresses, files and metrics are no topics."""
    name = topics.STATE
    left = [
        f'"""Reads `{name}`."""',
        'a = "/webhooks/shop"',
        'a = "orderlog.toml"',
        'a = "webhooks"',
        f'a = "x.{name}"',
    ]
    assert [written(source) for source in left] == [[], [], [], [], []]
