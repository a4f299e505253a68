"""What a configured secret may be as a key: platforms show secrets as text, hex or base64, and rarely say so. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

PREFIX = b"whsec_"


@dataclass(frozen=True, slots=True)
class Secret:
    """`label` says where it is configured."""

    label: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """One reading of a secret. `reading` is `utf-8`, `base64`, …; `tidied` where white space or quotes were cut off."""

    secret: Secret
    reading: str
    tidied: bool
    key: bytes = field(repr=False)


def readings(secrets: Sequence[Secret]) -> list[Key]:
    """Every reading of every secret; of two that give the same key, the first."""
    found: dict[tuple[str, bytes], Key] = {}
    for secret in secrets:
        for raw, tidied in ((secret.raw, False), (_tidy(secret.raw), True)):
            for reading, key in _readings(raw):
                found.setdefault((secret.label, key), Key(secret, reading, tidied, key))
    return list(found.values())


def _readings(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "utf-8", raw
    bare = raw.removeprefix(PREFIX)
    if bare != raw:
        yield "utf-8 without whsec_", bare
    for reading, altchars in (("base64", b"+/"), ("base64url", b"-_")):
        try:
            yield reading, base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=altchars, validate=True)
        except (ValueError, binascii.Error):
            continue
    if re.fullmatch(rb"(?:[0-9a-fA-F]{2})+", bare):
        yield "hex", bytes.fromhex(bare.decode())


def _tidy(raw: bytes) -> bytes:
    return raw.strip().strip(b"\"'").strip()
