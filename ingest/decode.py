"""Content-Encoding undone under a bound (RFC 9110 section 8.4). Pure.

What is authenticated and stored is the decoded entity: senders sign the document they made, and an encoding belongs to
the way it travelled (a proxy may add one). So one document is one record value, however it came; the `content-encoding`
header is kept among `http_headers` as a note of it.
"""

import zlib

from ingest.problems import Refusal

GZIP_WBITS = 16 + zlib.MAX_WBITS
# Each costs a decoder and a copy of what follows it: a body of nothing but empty ones would hold the loop for seconds.
MEMBERS_MAX = 100
_IDENTITY = ("", "identity")
_GZIP = ("gzip", "x-gzip")


def is_supported(encoding: str) -> bool:
    """Whether `decode` knows this Content-Encoding. Several in a row are not."""
    return encoding in _IDENTITY or encoding in _GZIP or encoding == "deflate"


def decode(body: bytes, encoding: str, bytes_max: int) -> bytes:
    """The entity; never more than `bytes_max + 1` bytes are unpacked to find that it is too large.

    Raises `Refusal`: `body-too-large`, `body-undecodable` (also where it is cut short, has more after its end, or more
    than `MEMBERS_MAX` members), `unsupported-encoding`. `encoding` is in lower case.
    """
    if encoding in _IDENTITY:
        return body
    if not is_supported(encoding):
        raise Refusal("unsupported-encoding")
    try:
        return _gunzip(body, bytes_max) if encoding in _GZIP else _inflate(body, bytes_max)
    except zlib.error:
        raise Refusal("body-undecodable") from None


def _gunzip(body: bytes, bytes_max: int) -> bytes:
    """All members of a gzip file, one after another (RFC 1952 section 2.2), `MEMBERS_MAX` at most."""
    parts: list[bytes] = []
    room, rest = bytes_max, body
    for _ in range(MEMBERS_MAX):
        part, rest = _member(zlib.decompressobj(GZIP_WBITS), rest, room)
        parts.append(part)
        room -= len(part)
        if not rest:
            return b"".join(parts)
    raise Refusal("body-undecodable")


def _inflate(body: bytes, bytes_max: int) -> bytes:
    """`deflate` is a zlib stream by the standard and a bare one by old custom; the first bytes tell which."""
    is_zlib = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    wbits = zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
    entity, rest = _member(zlib.decompressobj(wbits), body, bytes_max)
    if rest:
        raise Refusal("body-undecodable")
    return entity


def _member(decoder: "zlib._Decompress", data: bytes, room: int) -> tuple[bytes, bytes]:
    """One compressed stream and what follows it."""
    entity = decoder.decompress(data, room + 1)
    if len(entity) > room:
        raise Refusal("body-too-large")
    if not decoder.eof:
        raise Refusal("body-undecodable")
    return entity, decoder.unused_data
