"""Values → TOML text, as much of it as settings need. What it writes, `tomllib` reads back."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Note = Callable[[Any], str]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dumps(data: Mapping[str, Any], note: Note = lambda value: "") -> str:
    """Tables of tables and lists of tables get headers, deeper tables are written inline, None becomes a comment.

    `note(value)` may give a comment for the line on which a value stands.
    """
    return "\n".join(_document(data, note)).strip() + "\n"


def _document(data: Mapping[str, Any], note: Note) -> Iterator[str]:
    for name, section in data.items():
        if isinstance(section, Mapping):
            yield from _table(f"[{_key(name)}]", section, note)
        elif not section:
            yield f"# no {name}"
        else:
            for item in section:
                yield from _table(f"[[{_key(name)}]]", item, note)


def _table(header: str, values: Mapping[str, Any], note: Note) -> Iterator[str]:
    yield ""
    yield header
    for key, value in values.items():
        if value is None:
            yield f"# {key} is not set"
        else:
            comment = note(value)
            yield f"{_key(key)} = {_value(value)}" + (f"  # {comment}" if comment else "")


def _key(key: str) -> str:
    """A key with a dot would be two."""
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
