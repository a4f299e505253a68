"""Reading an answer's body under a bound."""

import aiohttp


async def read_at_most(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The body, at most `bytes_max` of it; of a longer one the rest is not read, and its connection is not used again.

    One `read` of aiohttp's gives only what has come by then.
    """
    chunks, length = list[bytes](), 0
    while length < bytes_max and (chunk := await response.content.read(bytes_max - length)):
        chunks.append(chunk)
        length += len(chunk)
    if not response.content.at_eof():
        response.close()
    return b"".join(chunks)
