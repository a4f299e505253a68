"""Bodies that must hurt nobody, made of a platform's own sample: what senders, proxies and attackers really send."""

import json
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from tests.streams.platforms.case import BIG, EXACT, Case

Change = Callable[[str | None, Any], Any]

TEN_MB = 10 * 1024 * 1024
BIG_ID = str(BIG**2)
# A total as it is written, and what it must be read as; None: no amount, so the webhook is set aside.
TOTALS: dict[str, Decimal | None] = {
    "-5.25": Decimal("-5.25"),
    "123456789012345678901234567890": Decimal("123456789012345678901234567890"),
    "0.000000000000000000000000000001": Decimal("1e-30"),
    "9007199254740993": Decimal(9007199254740993),
    "9" * 61: None,
    "1e400": None,
    "NaN": None,
    "-Infinity": None,
}
PLAIN: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{'event': 'OnlineOrder'}",
    "half of it": b'{"event": "Online',
    "no UTF-8": b'{"event_type": "\xff\xfe"}',
    "UTF-16": '{"event_type": "ECOMM_ORDER_CREATED"}'.encode("utf-16"),
    "NaN": b'{"event_type": NaN}',
    "a lone surrogate": b'{"event_type": "\\ud800"}',
    "an empty list": b"[]",
    "a list of nothing": b"[[], {}, null, 1]",
    "an empty object": b"{}",
    "null": b"null",
    "a number of 5,000 digits": b"9" * 5000,
    "900 KB of nesting": b'{"a":' * 150_000,
    "nesting that closes": b'{"a":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    "10 MB of nesting": b"[" * TEN_MB,
    "a form": b"a=1&b=2",
    "zeros": b"\0" * 1000,
}
EMOJI = "😀\0"
CURRENCIES: dict[str, object] = {f"currency {word!r}": word for word in ("ZZZ", "krönor ☃", "", None, 7)}
QUANTITIES = ("quantity", "quantity_ordered", "qty", "count")
NEVER_READ = (
    "nothing",
    "no JSON",
    "half of it",
    "no UTF-8",
    "UTF-16",
    "NaN",
    "a lone surrogate",
    "nesting that closes",
)


def of_sample(case: Case) -> Iterator[tuple[str, bytes]]:
    """Nearly right: the sample with one thing that is not as it should be.

    What `changes` and `SPOILT` name is each of an order of its own (`own`).
    """
    if case.sample is None:
        return
    if case.big_id is not None:
        yield "an id of 39 digits", case.body(case.big_id).replace(str(BIG).encode(), BIG_ID.encode())
    if case.exact_total is not None:
        for text in TOTALS:
            yield f"a total of {text[:40]}", with_total(case, text)
    for name, change in changes().items():
        yield name, changed(own(case, name), change)
    for name, spoilt in SPOILT.items():
        yield name, spoilt(own(case, name))


def changes() -> dict[str, Change]:
    """What is other than in the sample, by a name for it."""
    return {
        "every list empty": lambda key, value: [] if isinstance(value, list) else value,
        **{name: partial(with_currency, word) for name, word in CURRENCIES.items()},
        "half of a surrogate pair in every text": lambda key, value: suffixed(value, "\ud83d"),
        "an emoji and a zero in every text": lambda key, value: suffixed(value, EMOJI),
        "negative quantities": lambda key, value: -3 if key in QUANTITIES else value,
    }


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda body: body[: len(body) // 2],
    "twice": lambda body: body * 2,
    "twice in a list": lambda body: b"[%s,%s]" % (body, body),
    "with a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
}


def own(case: Case, name: str) -> bytes:
    """The sample as it stands, of an order that no other payload is of: its state is what the payload made of it."""
    number = 10**12 + zlib.crc32(f"{case}: {name}".encode())
    return case.body(case.big_id).replace(str(BIG).encode(), str(number).encode())


def with_total(case: Case, text: str) -> bytes:
    """The sample with its total written so; what was a string stays one."""
    return case.body(case.exact_total).replace(str(EXACT).encode(), text.encode())


def with_currency(word: object, key: str | None, value: Any) -> Any:
    return word if key is not None and "currency" in key.lower() else value


def suffixed(value: Any, suffix: str) -> Any:
    return value + suffix if isinstance(value, str) else value


def changed(body: bytes, change: Change) -> bytes:
    """`change(key, value)` over every value of a document, from the outside in; JSON in ASCII."""

    def walk(key: str | None, value: Any) -> Any:
        value = change(key, value)
        if isinstance(value, dict):
            return {name: walk(name, inner) for name, inner in value.items()}
        return [walk(None, inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(walk(None, json.loads(body))).encode()
