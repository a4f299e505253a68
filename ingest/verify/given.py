"""The request to look at: headers as people save them, the body byte for byte."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import orjson

from ingest.problems import Refusal
from ingest.record import Fields, query_fields

HEADERS_BYTES_MAX = 256 * 1024

_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) (\S+)(?: HTTP/[0-9.]+)?\s*")
_ANSWER_LINE = re.compile(r"HTTP/[0-9.]+ \d{3}\b")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_BODY_MARK = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """A file or an option is not what it should be. The message says which and how to mend it, and holds no value."""


@dataclass(frozen=True, slots=True)
class Given:
    """A request out of files. `method`, `path` and `query` are None where neither the headers' file nor an option says.

    `body` is as it lies in the file, not decoded.
    """

    headers: Fields
    body: bytes
    method: str | None = None
    path: str | None = None
    query: str | None = None

    @property
    def query_fields(self) -> Fields:
        """Raises `Unreadable`."""
        try:
            return query_fields(self.query or "")
        except Refusal:
            raise Unreadable("the query string has too many parameters") from None

    def path_token(self, source: str) -> str | None:
        """What follows `/webhooks/<source>/` in the request line."""
        rest = (self.path or "").partition(f"/webhooks/{source}/")[2].removesuffix("/")
        return unquote(rest) or None


def read(headers: Path, body: Path, body_bytes_max: int) -> Given:
    """What the files hold; of the body one byte more than the bound, so that it is seen to be too large.

    Raises `Unreadable`.
    """
    lines = _read(headers, HEADERS_BYTES_MAX)
    if len(lines) > HEADERS_BYTES_MAX:
        raise Unreadable(f"{headers} is larger than {HEADERS_BYTES_MAX} bytes: are these only headers?")
    fields, method, target = parse_headers(_text(lines))
    path, _, query = target.partition("?")
    return Given(fields, _read(body, body_bytes_max), method, path or None, query or None)


def parse_headers(text: str) -> tuple[Fields, str | None, str]:
    """Headers, and method and target of a request line if there is one ("" if not). Raises `Unreadable`.

    `Name: value` lines; of `curl -v` those that begin with `> `; or a JSON object, as a stored record has it.
    """
    if text.lstrip().startswith("{") and (found := _from_json(text)) is not None:
        return found, None, ""
    lines = text.splitlines()
    if any(line.startswith("> ") for line in lines):
        lines = [line[2:] if line.startswith("> ") else "" for line in lines]
    fields: Fields = {}
    method, target = None, ""
    for number, line in enumerate(lines, 1):
        if not line.strip() or line == ">":
            continue
        if (header := _HEADER.fullmatch(line)) is not None:
            fields.setdefault(header[1].lower(), []).append(header[2])
        elif not fields and method is None and (request := _REQUEST_LINE.fullmatch(line)) is not None:
            method, target = request[1], request[2]
        elif _ANSWER_LINE.match(line):
            raise Unreadable(f"line {number} of the headers begins an answer: give the headers of the request")
        else:
            raise Unreadable(f"line {number} of the headers is not `Name: value`")
    return fields, method, target


def _from_json(text: str) -> Fields | None:
    """None where it is no JSON after all."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    fields: Fields = {}
    for name, value in found.items():
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(each, str) for each in values):
            raise Unreadable(f"the header {name} in the JSON is neither a string nor a list of strings")
        fields.setdefault(name.lower(), []).extend(values)
    return fields


def _text(raw: bytes) -> str:
    """PowerShell saves UTF-16; others put a byte order mark before UTF-8."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    return raw.removeprefix(_BODY_MARK).decode("utf-8", "backslashreplace")


def _read(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror or type(error).__name__})") from None
