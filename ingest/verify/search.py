"""The search for what would have to be otherwise: the likeliest combination of readings that gives the MAC. Pure."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from ingest.verify import keys, macs, messages, spellings
from ingest.verify.keys import Key, Secret
from ingest.verify.macs import Mac
from ingest.verify.messages import Message
from ingest.verify.scheme import Expected
from ingest.verify.spellings import Spelling

# Bytes that are hashed at most, about two seconds: of a small body everything is tried, of a large one the likeliest.
WORK_BYTES_MAX = 1_000_000_000
DIGEST_BYTES = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Match:
    """A combination that gives the MAC in the header. `odd`: how much of it is not as the scheme has it."""

    mac: Mac
    key: Key
    message: Message
    spelling: Spelling
    odd: int


@dataclass(frozen=True, slots=True)
class Searched:
    """`match` is None where nothing fitted. `tried`: how many combinations; `complete`: they were all there are."""

    match: Match | None
    tried: int
    complete: bool


def search(
    expected: Expected, text: str, headers: Mapping[str, Sequence[str]], body: bytes, secrets: Sequence[Secret]
) -> Searched:
    """The least odd combination whose MAC is in `text`, of equally odd ones the first."""
    combined = product(
        _weighed(macs.readings(text, expected.prefix), lambda mac: _odd_mac(mac, expected)),
        _weighed(messages.messages(expected, headers), lambda message: int(message.name != "")),
        _weighed(spellings.spellings(body), lambda spelling: int(spelling.name != "")),
        _weighed(keys.readings(secrets), lambda key: _odd_key(key, expected)),
    )
    ordered = sorted(combined, key=lambda parts: sum(odd for _, odd in parts))
    work = 0
    for tried, ((mac, a), (message, b), (spelling, c), (key, d)) in enumerate(ordered):
        work += len(spelling.body) + DIGEST_BYTES
        if work > WORK_BYTES_MAX:
            return Searched(None, tried, complete=False)
        digest = hmac.digest(key.key, message.before + spelling.body, mac.algorithm)
        if hmac.compare_digest(digest, mac.mac):
            return Searched(Match(mac, key, message, spelling, a + b + c + d), tried + 1, complete=True)
    return Searched(None, len(ordered), complete=True)


def _weighed(options: Sequence[T], odd: Callable[[T], int]) -> list[tuple[T, int]]:
    return [(option, odd(option)) for option in options]


def _odd_mac(mac: Mac, expected: Expected) -> int:
    return (mac.prefix != expected.prefix) + (mac.encoding != expected.encoding) + (mac.algorithm != expected.algorithm)


def _odd_key(key: Key, expected: Expected) -> int:
    return (key.reading != expected.key) + key.tidied
