"""One readable log of many processes: their lines, each with the program it comes from."""

import contextlib
from collections.abc import Callable
from typing import Any, TextIO
from zlib import crc32

import orjson

from streams import log

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95)
NAME_WIDTH = 13


class Output:
    """Give `line` to a Supervisor. JSON lines keep their fields and get `role`, on a terminal they are readable."""

    def __init__(self, stream: TextIO, *, console: bool) -> None:
        self._stream = stream
        self._colours = stream.isatty()
        self._format: Callable[[str, str], str] = self._for_people if console else _for_machines
        self._render = log.renderer(colors=self._colours)

    def line(self, program: str, text: str) -> None:
        """Writes one line; a reader that went away (a closed pipe) must not stop the supervision."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(self._format(program, text) + "\n")
            self._stream.flush()

    def _for_people(self, program: str, text: str) -> str:
        fields = _fields(text)
        if fields is not None:
            fields.pop("role", None)
            text = str(self._render(None, "", fields))
        name = f"{program:<{NAME_WIDTH}} │"
        if self._colours:
            name = f"\x1b[{COLOURS[crc32(program.encode()) % len(COLOURS)]}m{name}\x1b[0m"
        return "\n".join(f"{name} {line}" for line in text.split("\n"))


def _for_machines(program: str, text: str) -> str:
    fields = _fields(text)
    if fields is None:
        fields = {"event": text, "level": "info"}
    return orjson.dumps({**fields, "role": program}).decode()


def _fields(text: str) -> dict[str, Any] | None:
    """A log line in JSON, or None for any other text."""
    if not text.startswith("{"):
        return None
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("event"), str) else None
