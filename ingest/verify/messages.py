"""What a signature may be over beside the body: a timestamp in one unit or another, an id, this order or that. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.verify.scheme import Expected

STAMPS_MAX = 3
_MS_FROM = 10**11  # as seconds this is the year 5138


@dataclass(frozen=True, slots=True)
class Message:
    """`before` and what follows is signed. `name` ends "it is over …"; empty for the message that is expected."""

    name: str
    before: bytes = field(repr=False)


def messages(expected: Expected, headers: Mapping[str, Sequence[str]]) -> list[Message]:
    """The expected message first, then others."""
    found: dict[bytes, str] = {}
    for name, before in _all(expected, headers):
        found.setdefault(before, name)
    return [Message(name, before) for before, name in found.items()]


def units(stamp: str) -> Iterator[tuple[str, str]]:
    """A timestamp in the other unit."""
    number = int(stamp)
    if number >= _MS_FROM:
        yield "seconds instead of milliseconds", str(number // 1000)
    else:
        yield "milliseconds instead of seconds", str(number * 1000)


def _all(expected: Expected, headers: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, bytes]]:
    stamps = _stamps(expected, headers)
    ids = [values[0] for name in (expected.id, "webhook-id", "svix-id") if name and (values := headers.get(name))][:1]
    if expected.message == "body":
        yield "", b""
    elif expected.message == "timestamp.body" and stamps:
        yield "", _joined(stamps[0], ".")
    elif expected.message == "id.timestamp.body" and stamps and ids:
        yield "", _joined(ids[0], ".", stamps[0], ".")
    for stamp in stamps:
        for said, other in (("", stamp), *((f", the timestamp in {unit}", text) for unit, text in units(stamp))):
            yield f"timestamp, a dot, and the body{said}", _joined(other, ".")
            for id in ids:
                yield f"id, timestamp and body with dots between{said}", _joined(id, ".", other, ".")
            yield f"timestamp and body with nothing between{said}", _joined(other)
            yield f"timestamp and body with a colon between{said}", _joined(other, ":")
            yield f"the word v0, timestamp and body with colons between{said}", _joined("v0:", other, ":")
    for id in ids:
        yield "id and body, without the timestamp", _joined(id, ".")
    yield "the body alone", b""


def _stamps(expected: Expected, headers: Mapping[str, Sequence[str]]) -> list[str]:
    named = [name for name in headers if "time" in name]
    candidates = [values[0] for name in (expected.timestamp, *named) if name and (values := headers.get(name))]
    candidates += [part[2:] for values in headers.values() for part in values[0].split(",") if part.startswith("t=")]
    return [stamp for stamp in dict.fromkeys(candidates) if stamp.isascii() and stamp.isdigit() and len(stamp) <= 15][
        :STAMPS_MAX
    ]


def _joined(*parts: str) -> bytes:
    return "".join(parts).encode("utf-8", "surrogateescape")
