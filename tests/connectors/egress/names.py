"""Names that lead where a test says, and a listener that counts who comes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult


class Names(AbstractResolver):
    """`answers`: of each name what is answered first, next, …; the last answer stays."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        left = self._answers[host]
        found = left.pop(0) if len(left) > 1 else left[0]
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        pass


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)


@dataclass
class Listener:
    """`connections`: how many came, and how many are `closed`; `received`: every byte of theirs."""

    port: int = 0
    connections: int = 0
    closed: int = 0
    received: bytearray = field(default_factory=bytearray)


@asynccontextmanager
async def listening(answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") -> AsyncIterator[Listener]:
    """TCP on loopback that answers anything with `answer`; with none it is silent."""
    seen = Listener()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        while data := await reader.read(65536):
            seen.received += data
            writer.write(answer)
        seen.closed += 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
