"""What a text in a header may be as a MAC. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

ALGORITHMS = {20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}
TEXTS_MAX = 16
TEXT_CHARS_MAX = 1000

# What senders put before a MAC: `sha256=`, `v1,`, `v1=`, `HMAC-SHA256 `.
_PREFIX = re.compile(r"(?:(?:hmac-)?sha-?\d{1,3}[= :]|v\d[a-z]?[,=])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mac:
    """One reading: `prefix` stood before it, `encoding` is `hex`, `base64` or `base64url`, `algorithm` is by length."""

    prefix: str
    encoding: str
    algorithm: str
    mac: bytes = field(repr=False)


def readings(text: str, prefix: str = "") -> list[Mac]:
    """Every MAC that the text can be read as; several where it lists several. `prefix`: one that is expected."""
    found: dict[tuple[str, bytes], Mac] = {}
    for part in _parts(text[:TEXT_CHARS_MAX]):
        known = _PREFIX.match(part)
        begins = prefix if prefix and part.startswith(prefix) else known[0] if known else ""
        for encoding, mac in _decoded(part.removeprefix(begins)):
            if len(mac) in ALGORITHMS:
                found.setdefault((begins, mac), Mac(begins, encoding, ALGORITHMS[len(mac)], mac))
    return list(found.values())


def _parts(text: str) -> list[str]:
    """The text whole, and what it lists: `v1,… v1,…` or `t=…,v1=…`."""
    listed = [*text.split(" "), *re.split(r",(?=\w+=)|;\s*", text)]
    return [part for part in dict.fromkeys((text.strip(), *(part.strip() for part in listed))) if part][:TEXTS_MAX]


def _decoded(text: str) -> Iterator[tuple[str, bytes]]:
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        yield "hex", bytes.fromhex(text)
    for encoding, altchars in (("base64", b"+/"), ("base64url", b"-_")):
        try:
            yield encoding, base64.b64decode(text + "=" * (-len(text) % 4), altchars=altchars, validate=True)
        except (ValueError, binascii.Error):
            continue
