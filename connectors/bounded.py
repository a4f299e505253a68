"""Reading an answer's body under a bound."""

import aiohttp


async def read_at_most(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The body, at most `bytes_max` of it; of a longer one the rest is not kept, nor its connection used again."""
    return (await read_cut(response, bytes_max))[0]


async def read_cut(response: aiohttp.ClientResponse, bytes_max: int) -> tuple[bytes, bool]:
    """As `read_at_most`, and whether there was more of it.

    One `read` of aiohttp's gives only what has come by then; one byte too many says that there is more.
    """
    chunks, length = list[bytes](), 0
    while length <= bytes_max and (chunk := await response.content.read(bytes_max + 1 - length)):
        chunks.append(chunk)
        length += len(chunk)
    if not response.content.at_eof():
        response.close()
    return b"".join(chunks)[:bytes_max], length > bytes_max
