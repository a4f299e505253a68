"""Reading a body under bounds: of size on the stream, of size once decoded, and of time."""

import asyncio

from aiohttp.web import BaseRequest

from ingest.decode import decode, is_supported
from ingest.problems import Refusal


def content_encoding(request: BaseRequest) -> str:
    """The request's Content-Encoding in lower case. Raises `Refusal("unsupported-encoding")`."""
    values = request.headers.getall("Content-Encoding", ())
    encoding = ",".join(values).strip().lower()
    if not is_supported(encoding):
        raise Refusal("unsupported-encoding")
    return encoding


async def read_body(request: BaseRequest, *, bytes_max: int, timeout_s: float) -> bytes:
    """The decoded entity, byte for byte.

    Raises `Refusal`: `body-too-large` as soon as that is certain, `request-timeout` where the whole of it has not come
    in `timeout_s`, `body-incomplete` where it ends early, and what `decode` raises.
    """
    encoding = content_encoding(request)
    length = request.content_length
    if length is not None and length > bytes_max:
        raise Refusal("body-too-large", close=True)
    content = request.content
    if content.is_eof():
        body = await _read(request, bytes_max)
    else:
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            async with asyncio.timeout(timeout_s):
                body = await _read(request, bytes_max)
        except TimeoutError:
            raise Refusal("request-timeout", close=True) from None
    return decode(body, encoding, bytes_max) if encoding else body


async def _read(request: BaseRequest, bytes_max: int) -> bytes:
    parts, size = [], 0
    while part := await _next(request):
        size += len(part)
        if size > bytes_max:
            raise Refusal("body-too-large", close=True)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _next(request: BaseRequest) -> bytes:
    """What has come by now; nothing at the end."""
    try:
        return await request.content.readany()
    except Exception:  # whatever the parser or the connection reports: the body did not come whole
        raise Refusal("body-incomplete", close=True) from None
