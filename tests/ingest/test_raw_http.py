"""HTTP as hostile or broken senders speak it: raw sockets, byte by byte."""

import asyncio
import gzip
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.ingest.support import ORDER, Running, everything, reason_of, running, session, settings_of, status_of

CLOSE = "Connection: close"
# The timeouts that nobody sets are 10 s: what is ended within less was not ended by them.
TIMED_OUT_S = 9.0
FAST: Mapping[str, Any] = {"header_timeout_s": 0.5, "body_timeout_s": 0.5}


async def until(true: Callable[[], bool]) -> None:
    """Before a timeout could have brought it about."""
    async with asyncio.timeout(TIMED_OUT_S):
        while not true():
            await asyncio.sleep(0.01)


def with_length(up: Running, body: bytes, *fields: str) -> bytes:
    """A whole request."""
    return up.head(f"Content-Length: {len(body)}", *fields) + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def stored(up: Running) -> list[bytes | None]:
    return [record.value for record in await up.records()]


async def test_a_request_in_single_bytes_is_one_webhook(kafka: str) -> None:
    """Where TCP cuts the bytes is nobody's choice."""
    async with running(settings_of(kafka)) as up:
        request = with_length(up, ORDER, CLOSE)
        answer = await up.raw(*(request[at : at + 1] for at in range(len(request))), pause_s=0)
        assert status_of(answer) == 200
        assert await stored(up) == [ORDER]


async def test_pipelined_requests_are_each_answered_in_order(kafka: str) -> None:
    """Three requests in one segment, the middle one refused, are three answers."""
    async with running(settings_of(kafka)) as up:
        bad = up.head("Content-Length: 2", path="/webhooks/nobody") + b"{}"
        answer = await up.raw(with_length(up, b"1") + bad + with_length(up, b"3", CLOSE))
        assert [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]] == [200, 404, 200]
        assert await stored(up) == [b"1", b"3"]


async def test_pipelined_requests_before_a_half_close_are_all_answered(kafka: str) -> None:
    """A sender that has said everything may still listen (`nc -N`)."""
    async with running(settings_of(kafka)) as up:
        started_s = time.monotonic()
        answer = await up.raw(with_length(up, b"1") + with_length(up, b"2"), end=True, pause_s=0)
        assert answer.count(b" 200 OK") == 2
        assert time.monotonic() - started_s < TIMED_OUT_S
        assert await stored(up) == [b"1", b"2"]


async def test_chunks_are_put_together(kafka: str) -> None:
    """Chunked is a way to travel, not a part of the body."""
    async with running(settings_of(kafka)) as up:
        head = up.head("Transfer-Encoding: chunked", CLOSE)
        answer = await up.raw(head, chunk(ORDER[:7]), chunk(ORDER[7:]), b"0\r\n\r\n")
        assert status_of(answer) == 200
        assert await stored(up) == [ORDER]


@pytest.mark.parametrize("end", ["half-close", "reset"])
@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_a_body_cut_short_is_refused_and_not_stored(kafka: str, framing: str, end: str) -> None:
    """Others stored the half that came; the platform thinks nothing arrived and sends it again."""
    async with running(settings_of(kafka)) as up:
        chunked = framing == "chunked"
        head = up.head("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(ORDER)}")
        part = chunk(ORDER[:7]) if chunked else ORDER[:7]
        if end == "half-close":
            answer = await up.raw(head + part, end=True)
            assert (status_of(answer), reason_of(answer)) == (400, "body-incomplete")
        else:
            _, writer = await asyncio.open_connection("127.0.0.1", up.port)
            writer.write(head + part)
            await until(lambda: up.server.webhooks.in_flight == 1)
            writer.transport.abort()
            await until(lambda: up.server.webhooks.in_flight == 0)
        assert up.server.webhooks.in_flight == 0
        assert await stored(up) == []


@pytest.mark.parametrize("rubbish", [b"zz\r\n", b"5\r\nabcdefgh\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n"])
async def test_broken_chunks_are_refused_at_once(kafka: str, rubbish: bytes) -> None:
    """aiohttp's parser leaves such a body waiting for ever; we do not."""
    async with running(settings_of(kafka)) as up:
        started_s = time.monotonic()
        answer = await up.raw(up.head("Transfer-Encoding: chunked"), chunk(ORDER[:5]), rubbish)
        assert status_of(answer) == 400
        assert time.monotonic() - started_s < TIMED_OUT_S
        assert await stored(up) == []


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: -1",),
        ("Content-Length: 1_0",),
        ("Bad Header: x",),
    ],
)
async def test_ambiguous_framing_is_refused(kafka: str, fields: tuple[str, ...]) -> None:
    """Request smuggling begins with two readings of one length."""
    async with running(settings_of(kafka)) as up:
        answer = await up.raw(up.head(*fields) + b"12345", b"0\r\n\r\n", end=True)
        assert status_of(answer) == 400
        assert await stored(up) == []


async def test_a_length_over_the_bound_is_refused_before_the_body_comes(kafka: str) -> None:
    """Only the head was sent."""
    async with running(settings_of(kafka, max_body_bytes=1000)) as up:
        answer = await up.raw(up.head("Content-Length: 1001"), end=True)
        assert (status_of(answer), reason_of(answer)) == (413, "body-too-large")


async def test_chunks_over_the_bound_are_refused_while_they_come(kafka: str) -> None:
    """A sender that does not say its length is counted; it may not be believed to end."""
    async with running(settings_of(kafka, max_body_bytes=1000)) as up:
        head = up.head("Transfer-Encoding: chunked")
        answer = await up.raw(head, *(chunk(b"x" * 400) for _ in range(3)))
        assert (status_of(answer), reason_of(answer)) == (413, "body-too-large")
        assert await stored(up) == []


async def test_exactly_the_bound_is_accepted(kafka: str) -> None:
    """The bound is inclusive, in one piece and in chunks."""
    async with running(settings_of(kafka, max_body_bytes=1000)) as up:
        assert status_of(await up.raw(with_length(up, b"x" * 1000, CLOSE))) == 200
        head = up.head("Transfer-Encoding: chunked", CLOSE)
        assert status_of(await up.raw(head, chunk(b"y" * 1000), b"0\r\n\r\n")) == 200
        assert await stored(up) == [b"x" * 1000, b"y" * 1000]


async def test_a_gzip_bomb_stops_at_the_bound(kafka: str) -> None:
    """Ten megabytes in ten kilobytes: refused, and nothing like ten megabytes was ever held."""
    bomb = gzip.compress(bytes(10 * 1024 * 1024))
    async with running(settings_of(kafka, max_body_bytes=64 * 1024)) as up:
        assert len(bomb) < 64 * 1024
        answer = await up.raw(with_length(up, bomb, "Content-Encoding: gzip", CLOSE))
        assert (status_of(answer), reason_of(answer)) == (413, "body-too-large")
        assert await stored(up) == []


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        (("Content-Encoding: br",), 415, "unsupported-encoding"),
        (("Content-Encoding: gzip, gzip",), 415, "unsupported-encoding"),
        (("Content-Encoding: gzip", "Content-Encoding: gzip"), 415, "unsupported-encoding"),
        (("Content-Encoding: GZIP",), 400, "body-undecodable"),
    ],
)
async def test_encodings_that_cannot_be_undone_are_refused(
    kafka: str, fields: tuple[str, ...], status: int, reason: str
) -> None:
    """Bytes that nobody here can read are not stored as if they were the document."""
    async with running(settings_of(kafka)) as up:
        answer = await up.raw(with_length(up, ORDER, CLOSE, *fields))
        assert (status_of(answer), reason_of(answer)) == (status, reason)
        assert await stored(up) == []


async def test_a_head_that_dribbles_in_is_cut_off(kafka: str) -> None:
    """A byte now and then does not keep a connection alive: the time counts from the first."""
    async with running(settings_of(kafka, **FAST)) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        started_s = time.monotonic()
        dribble = asyncio.create_task(_dribble(writer, up.head(*(f"X-{n}: y" for n in range(100)))))
        answer = await everything(reader)
        dribble.cancel()
        writer.close()
        assert (status_of(answer), reason_of(answer)) == (408, "request-timeout")
        assert time.monotonic() - started_s < TIMED_OUT_S


async def test_a_second_head_that_dribbles_in_is_cut_off(kafka: str) -> None:
    """A good first request buys no patience for the next."""
    async with running(settings_of(kafka, **FAST)) as up:
        answer = await up.raw(with_length(up, ORDER), up.head()[:-2], pause_s=0.3)
        assert answer.startswith(b"HTTP/1.1 200")
        assert reason_of(answer) == "request-timeout"


async def test_a_connection_that_says_nothing_is_closed(kafka: str) -> None:
    """Silence takes up a socket too."""
    async with running(settings_of(kafka, **FAST)) as up:
        assert await up.raw() == b""


async def test_an_idle_connection_is_kept_for_the_next_request(kafka: str) -> None:
    """The limit on heads is not a limit on keep-alive."""
    async with running(settings_of(kafka, **FAST)) as up:
        answer = await up.raw(with_length(up, b"1"), with_length(up, b"2", CLOSE), pause_s=0.9)
        assert answer.count(b" 200 OK") == 2
        assert await stored(up) == [b"1", b"2"]


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Content-Length: 1000"])
async def test_a_body_that_dribbles_in_is_cut_off(kafka: str, framing: str) -> None:
    """Progress does not count, the whole body does."""
    async with running(settings_of(kafka, **FAST)) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(up.head(framing))
        started_s = time.monotonic()
        body = b"".join(chunk(b"x") for _ in range(200)) if "chunked" in framing else b"x" * 1000
        dribble = asyncio.create_task(_dribble(writer, body))
        answer = await everything(reader)
        dribble.cancel()
        writer.close()
        assert (status_of(answer), reason_of(answer)) == (408, "request-timeout")
        assert time.monotonic() - started_s < TIMED_OUT_S
        assert up.server.webhooks.in_flight == 0
        assert await stored(up) == []


@pytest.mark.parametrize(
    "field", ["X-Long: " + "y" * 9000, "\r\n".join(f"X-{n}: y" for n in range(150)), "X" * 9000 + ": y"]
)
async def test_a_head_over_the_bounds_is_refused(kafka: str, field: str) -> None:
    """Headers are kept in the record, so they have a bound too."""
    async with running(settings_of(kafka)) as up:
        answer = await up.raw(up.head(field))
        assert (status_of(answer), reason_of(answer)) == (431, "headers-too-large")


async def test_an_endless_head_is_refused_by_its_size(kafka: str) -> None:
    """Short lines without end stop at the bound of the whole head."""
    async with running(settings_of(kafka)) as up:
        lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 8000) for number in range(9))
        answer = await up.raw(up.head()[:-2], *(lines[at : at + 8000] for at in range(0, len(lines), 8000)))
        assert (status_of(answer), reason_of(answer)) == (431, "headers-too-large")


async def test_100_continue_is_said_before_the_body_is_awaited(kafka: str) -> None:
    """curl waits for it with larger bodies; not saying it costs a second per webhook."""
    async with running(settings_of(kafka)) as up:
        answer = await up.raw(
            up.head(f"Content-Length: {len(ORDER)}", "Expect: 100-continue", CLOSE), ORDER, pause_s=0.2
        )
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert await stored(up) == [ORDER]


@pytest.mark.parametrize(
    "line", [b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03", b"GET /\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n"]
)
async def test_what_is_not_http_is_refused(kafka: str, line: bytes) -> None:
    """TLS to a plain port, and the like: an answer or an end, never an exception."""
    async with running(settings_of(kafka)) as up:
        answer = await up.raw(line, end=True)
        assert answer == b"" or 400 <= status_of(answer) < 500


async def test_over_the_bound_in_flight_is_refused_at_once(kafka: str) -> None:
    """With every place taken the next one hears 503 and Retry-After without waiting, and is let in afterwards."""
    async with running(settings_of(kafka, in_flight_max=2, body_timeout_s=60)) as up, session() as client:
        held = [await asyncio.open_connection("127.0.0.1", up.port) for _ in range(2)]
        for _, writer in held:
            writer.write(up.head(f"Content-Length: {len(ORDER)}"))
        await until(lambda: up.server.webhooks.in_flight == 2)
        started_s = time.monotonic()
        async with client.post(up.url, data=ORDER) as answer:
            assert (answer.status, (await answer.json(content_type=None))["reason"]) == (503, "overloaded")
            assert int(answer.headers["Retry-After"]) >= 1
        assert time.monotonic() - started_s < 15
        for reader, writer in held:
            writer.write(ORDER)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
        async with client.post(up.url, data=ORDER) as answer:
            assert answer.status == 200
        assert await stored(up) == [ORDER] * 3


async def test_connections_are_bounded(kafka: str) -> None:
    """Ten for each request in flight; the next is told so and closed."""
    async with running(settings_of(kafka, in_flight_max=1)) as up:
        held = [await asyncio.open_connection("127.0.0.1", up.port) for _ in range(10)]
        await until(lambda: len(up.server._http.connections) == len(held))
        answer = await up.raw()
        assert (status_of(answer), reason_of(answer)) == (503, "overloaded")
        for _, writer in held:
            writer.close()
        await until(lambda: not up.server._http.connections)
        assert status_of(await up.raw(with_length(up, ORDER, CLOSE))) == 200


async def _dribble(writer: asyncio.StreamWriter, data: bytes) -> None:
    for at in range(len(data)):
        writer.write(data[at : at + 1])
        await asyncio.sleep(0.05)
