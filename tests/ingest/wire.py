"""HTTP requests as bytes, right ones and every kind of wrong one, for tests that throw them at a socket."""

import gzip
import json
import string
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

BODY_BYTES_MAX = 64 * 1024
ORDER = json.dumps({"event": "OnlineOrder", "shop": {"id": 1}, "basket": {"id": 1001}}).encode()
BOMB = gzip.compress(bytes(4 * 1024 * 1024))


@dataclass(frozen=True)
class Sent:
    """One request. `entity`: what a 200 must have stored; None: it may never be accepted.

    `must`: it has to be accepted. `spoils`: it may cost those before it in the same segment, as aiohttp's parser drops
    what it has read of a segment in which it then meets an error; their sender reads a 400 then, and nothing is stored.
    """

    wire: bytes
    entity: bytes | None
    must: bool = True
    spoils: bool = True


@dataclass(frozen=True)
class Paths:
    """Where webhooks are taken: `post` of a shop, `get` of a platform that pings, and where they are not."""

    post: str
    get: str
    forbidden: str


def head(target: str | bytes, *fields: str | bytes, method: str = "POST") -> bytes:
    """A request's head; text is written as Latin-1."""
    lines = [f"{method} ".encode() + _raw(target) + b" HTTP/1.1", b"Host: x", *map(_raw, fields), b"", b""]
    return b"\r\n".join(lines)


def with_length(target: str | bytes, body: bytes, *fields: str | bytes, method: str = "POST") -> bytes:
    return head(target, f"Content-Length: {len(body)}", *fields, method=method) + body


def chunks(body: bytes, cuts: Sequence[int], extension: bytes = b"", trailer: bytes = b"") -> bytes:
    """The body in chunks that end at `cuts`."""
    ends = sorted({min(cut, len(body)) for cut in cuts} | {len(body)})
    parts = [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    written = [f"{len(part):x}".encode() + extension + b"\r\n" + part + b"\r\n" for part in parts if part]
    return b"".join(written) + b"0\r\n" + trailer + b"\r\n"


def requests(paths: Paths) -> st.SearchStrategy[Sent]:
    """Any request: about half of them are right."""
    right = st.one_of(_plain(paths), _chunked(paths), _packed(paths), _pings(paths))
    wrong = st.one_of(
        _badly_chunked(paths), _badly_packed(paths), _badly_framed(paths), _too_much(paths), _refused(paths)
    )
    return st.one_of(right, right, wrong, _odd_query(paths), _odd_fields(paths))


bodies = st.one_of(
    st.just(ORDER),
    st.just(b""),
    st.binary(max_size=400),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")),
    st.integers(1, 5000).map(lambda depth: b"[" * depth),
    st.integers(1, 2000).map(lambda depth: b'{"basket":' * depth + b"1" + b"}" * depth),
    st.sampled_from([b"\x00" * 50, b'{"shop": NaN}', b'{"basket": {"id": 1e999}}', b'"\\ud800"', b"\xff\xfe{}"]),
)
_cuts = st.lists(st.integers(0, 300), max_size=5)


def _plain(paths: Paths) -> st.SearchStrategy[Sent]:
    return bodies.map(lambda body: Sent(with_length(paths.post, body), body, spoils=False))


def _chunked(paths: Paths) -> st.SearchStrategy[Sent]:
    extension = st.sampled_from([b"", b";a=b", b';a="b"'])
    trailer = st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: 1\r\nB: 2\r\n"])

    def sent(body: bytes, cuts: list[int], extension: bytes, trailer: bytes) -> Sent:
        wire = head(paths.post, "Transfer-Encoding: chunked") + chunks(body, cuts, extension, trailer)
        return Sent(wire, body, must=not extension and not trailer, spoils=False)

    return st.builds(sent, bodies, _cuts, extension, trailer)


def _packed(paths: Paths) -> st.SearchStrategy[Sent]:
    def sent(body: bytes, members: int) -> Sent:
        wire = with_length(paths.post, gzip.compress(body) * members, "Content-Encoding: gzip")
        return Sent(wire, body * members, spoils=False)

    return st.builds(sent, bodies, st.integers(1, 3))


def _pings(paths: Paths) -> st.SearchStrategy[Sent]:
    target = f"{paths.get}&event_type=order.new&order_id=7"
    return st.just(Sent(head(target, method="GET"), b"", spoils=False))


def _badly_chunked(paths: Paths) -> st.SearchStrategy[Sent]:
    start = head(paths.post, "Transfer-Encoding: chunked")
    sizes = st.sampled_from([b"zz", b"-1", b"", b" ", b"5 5", b"0x5", b"fffffffffffffffffff", b"+5", b"5\x00", b"5_0"])
    size = sizes.map(lambda size: Sent(start + size + b"\r\nabcde\r\n0\r\n\r\n", None))
    length = st.sampled_from([b"4\r\nabcde\r\n0\r\n\r\n", b"6\r\nabcde\r\n0\r\n\r\n", b"5\r\nabcdeX\r\n0\r\n\r\n"])
    return st.one_of(size, length.map(lambda rest: Sent(start + rest, None)))


def _badly_packed(paths: Paths) -> st.SearchStrategy[Sent]:
    packed = gzip.compress(ORDER)
    cut = st.integers(0, len(packed) - 1).map(lambda at: packed[:at])
    flipped = st.integers(0, len(packed) - 9).map(
        lambda at: packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
    )
    garbage = st.binary(max_size=100).filter(lambda data: data[:2] != b"\x1f\x8b")
    wrong = st.one_of(cut, garbage, st.just(packed + b"more"), st.just(BOMB))
    refused = wrong.map(lambda data: Sent(with_length(paths.post, data, "Content-Encoding: gzip"), None, spoils=False))
    # A header byte of gzip may be anything: then it is the same document.
    odd = flipped.map(lambda data: Sent(with_length(paths.post, data, "Content-Encoding: gzip"), ORDER, must=False))
    names = st.sampled_from(["br", "gzip, gzip", "zstd", "deflate, gzip", "\x00"])
    unknown = names.map(lambda name: Sent(with_length(paths.post, ORDER, f"Content-Encoding: {name}"), None))
    return st.one_of(refused, odd, unknown)


def _badly_framed(paths: Paths) -> st.SearchStrategy[Sent]:
    fields = st.sampled_from(
        [
            ("Content-Length: 5", "Content-Length: 6"),
            ("Content-Length: 5", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: gzip, identity",),
            ("Content-Length: -5",),
            ("Content-Length: 5_0",),
            ("Content-Length: 0x5",),
            ("Content-Length: 99999999999999999999",),
            ("Content-Length : 5",),
            ("Content-Length: 5\x00",),
            (" folded: 5",),
        ]
    )
    return fields.map(lambda lines: Sent(head(paths.post, *lines) + b"abcde", None))


def _too_much(paths: Paths) -> st.SearchStrategy[Sent]:
    return st.sampled_from(
        [
            Sent(with_length(paths.post, b"x" * (BODY_BYTES_MAX + 1)), None),
            Sent(head(paths.post, "Transfer-Encoding: chunked") + chunks(b"x" * (BODY_BYTES_MAX + 1), [9000]), None),
            Sent(with_length(paths.post, ORDER, "X-Long: " + "y" * 70_000), None),
            Sent(with_length(paths.post, ORDER, *(f"X-{number}: y" for number in range(150))), None),
            Sent(with_length(paths.post + "?" + "a=1&" * 3000, ORDER), None),
            Sent(with_length(paths.post + "?" + "a=1&" * 101, ORDER), None),
        ]
    )


def _refused(paths: Paths) -> st.SearchStrategy[Sent]:
    other = ("/", "/webhooks/", "/webhooks/nobody", "*", "/webhooks/%00", "//", "/oauth/token", paths.forbidden)
    elsewhere = st.sampled_from(other).map(lambda path: Sent(with_length(path, ORDER), None, spoils=path == "*"))
    methods = st.sampled_from(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "PO ST", "post"])
    otherwise = methods.map(lambda method: Sent(with_length(paths.post, ORDER, method=method), None))
    rubbish = st.binary(min_size=1, max_size=60).map(lambda data: Sent(data + b"\r\n\r\n", None))
    return st.one_of(elsewhere, otherwise, rubbish)


def _odd_query(paths: Paths) -> st.SearchStrategy[Sent]:
    """Any bytes but those that end the target: taken or refused, the body is what it is."""
    letters = st.binary(max_size=60).map(lambda raw: bytes(byte for byte in raw if byte not in b" \r\n#\t\x0b\x0c"))
    escapes = st.text(string.hexdigits + "%&=+;", max_size=60).map(str.encode)
    return st.one_of(letters, escapes).map(
        lambda query: Sent(with_length(paths.post.encode() + b"?" + query, ORDER), ORDER, must=False)
    )


def _odd_fields(paths: Paths) -> st.SearchStrategy[Sent]:
    """Any bytes in a header's value, and names that only look like ours."""
    value = st.binary(max_size=60).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))
    name = st.sampled_from(
        [b"X-Odd", b"ce_id", b"http_headers", b"Content-Type", b"X-\xe9", b"X Y", b"", b"x-orderlog-token"]
    )

    def sent(name: bytes, value: bytes) -> Sent:
        return Sent(with_length(paths.post, ORDER, name + b": " + value), ORDER, must=False)

    return st.builds(sent, name, value)


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
