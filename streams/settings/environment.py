"""The overrides: `ORDERLOG__SECTION__KEY=value`, where tables and lists are JSON (`ORDERLOG__SOURCES='[…]'`)."""

import json
from collections.abc import Mapping
from typing import Any

from streams.settings.errors import Mistake
from streams.settings.lines import Path
from streams.settings.model import Settings

PREFIX = "ORDERLOG__"


def overlay(data: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[Path, str], list[Mistake]]:
    """Writes the environment's settings over `data`. Gives which variable set which path, and what could not be read.

    An empty variable counts as unset (compose files pass those).
    """
    origins: dict[Path, str] = {}
    mistakes: list[Mistake] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and environ[name]):
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        value, problem = _parse(path, environ[variable])
        problem = problem or _put(data, path, value)
        if problem:
            mistakes.append(Mistake(variable, ".".join(path), *problem))
        else:
            merged = isinstance(value, dict) and len(path) == 1 and isinstance(data[path[0]], dict)
            origins.update({(*path, key): variable for key in value} if merged else {path: variable})
    return origins, mistakes


def _parse(path: tuple[str, ...], text: str) -> tuple[Any, tuple[str, str] | None]:
    """Whole sections and lists are JSON, everything below is text that the model converts."""
    if len(path) > 1 or path[0] not in Settings.model_fields:
        return text, None
    try:
        return json.loads(text), None
    except ValueError:
        return None, ("is not valid JSON", "write the whole table or list as JSON")


def _put(data: dict[str, Any], path: tuple[str, ...], value: Any) -> tuple[str, str] | None:
    """Sets `path` in `data`, keeping its neighbours. Gives what is wrong where the path leads through no table."""
    table = data
    for part in path[:-1]:
        below = table.setdefault(part, {})
        if not isinstance(below, dict):
            return f"{part} is not a table", f"set it whole, as JSON, by {PREFIX}{path[0].upper()}"
        table = below
    here = table.get(path[-1])
    table[path[-1]] = {**here, **value} if isinstance(here, dict) and isinstance(value, dict) else value
    return None
