"""Content-Encoding: what is unpacked, and what stops at the bound."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import MEMBERS_MAX, decode
from ingest.problems import Refusal

BODY = b'{"total": 19.99}' * 10


def pack(body: bytes, encoding: str) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return gzip.compress(body)
    return zlib.compress(body) if encoding == "deflate" else body


def bare(body: bytes) -> bytes:
    """A deflate stream without the zlib header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def reason(body: bytes, encoding: str, bytes_max: int = 1000) -> str:
    with pytest.raises(Refusal) as raised:
        decode(body, encoding, bytes_max)
    return raised.value.problem.reason


@given(body=st.binary(max_size=2000), encoding=st.sampled_from(["gzip", "x-gzip", "deflate", "", "identity"]))
def test_every_encoding_gives_back_the_exact_bytes(body: bytes, encoding: str) -> None:
    """Whatever the bytes are, the entity is the one that was packed."""
    assert decode(pack(body, encoding), encoding, 2000) == body


@given(body=st.binary(max_size=2000))
def test_bare_deflate_is_understood_too(body: bytes) -> None:
    """Old clients send `deflate` without the zlib header."""
    assert decode(bare(body), "deflate", 2000) == body


def test_gzip_members_in_a_row_are_one_entity() -> None:
    """Stopping at the first member would store a body cut short (RFC 1952 section 2.2)."""
    assert decode(gzip.compress(BODY) + gzip.compress(BODY), "gzip", 1000) == BODY + BODY


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_exactly_the_bound_passes_and_one_more_does_not(encoding: str) -> None:
    """The bound is inclusive and counted on what is unpacked."""
    assert decode(pack(b"x" * 1000, encoding), encoding, 1000) == b"x" * 1000
    assert reason(pack(b"x" * 1001, encoding), encoding) == "body-too-large"


def test_a_bomb_of_many_members_stops_at_the_bound() -> None:
    """The bound counts over all members."""
    assert reason(gzip.compress(b"x" * 100) * 11, "gzip") == "body-too-large"


def test_a_flood_of_empty_members_is_not_unpacked() -> None:
    """A megabyte of them would hold the event loop, and with it every other sender, for seconds."""
    empty = gzip.compress(b"")
    assert decode(empty * (MEMBERS_MAX - 1) + gzip.compress(BODY), "gzip", 1000) == BODY
    assert reason(empty * MEMBERS_MAX + gzip.compress(BODY), "gzip") == "body-undecodable"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_stream_cut_short_is_refused(encoding: str) -> None:
    """Half of an order is no order."""
    packed = pack(BODY, encoding)
    for length in range(len(packed)):
        assert reason(packed[:length], encoding) == "body-undecodable"


RUBBISH = {
    "nothing": b"",
    "not-packed": b"not packed at all",
    "more-behind": gzip.compress(BODY) + b"more",
    "cut": b"\x1f\x8b\x08",
}


@pytest.mark.parametrize("body", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_refused_not_stored(body: bytes) -> None:
    """What the header claims must hold for the whole body."""
    assert reason(body, "gzip") == "body-undecodable"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,deflate", "compress", "*"])
def test_other_encodings_are_unsupported(encoding: str) -> None:
    """415, so that the sender's operator sees why."""
    assert reason(BODY, encoding) == "unsupported-encoding"
