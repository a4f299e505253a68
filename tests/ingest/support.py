"""A running ingest for tests: a real server on loopback, real Kafka topics of its own, raw sockets where it matters."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

from ingest.server import Server
from streams import listener, topics
from streams.record import Record
from streams.settings import Settings
from tests.kafka import create_topics, read_committed, unique_name

LATE_S = 20.0
TOKEN = "a-token-of-the-tests"
DUDA_SECRET = "mysecretsecret"
ENVIRON = {"TEST_TOKEN": TOKEN, "TEST_DUDA": DUDA_SECRET}
TOKEN_AUTH: Mapping[str, Any] = {"scheme": "token", "secrets": ["env:TEST_TOKEN"]}
DUDA_AUTH: Mapping[str, Any] = {"scheme": "duda-hmac", "secrets": ["env:TEST_DUDA"]}
ORDER = json.dumps({"event": "OnlineOrder", "shop": {"id": 1}, "basket": {"id": 1001}}).encode()


def settings_of(
    bootstrap: str, auth: Mapping[str, Any] = TOKEN_AUTH, platform: str = "selldone", **ingest: Any
) -> Settings:
    """Settings with one source of a name that no other test has."""
    return Settings.model_validate(
        {
            "kafka": {"bootstrap": bootstrap},
            "ingest": {"port": 0, **ingest},
            "log": {"format": "json", "level": "debug"},
            "sources": [{"name": unique_name(platform), "platform": platform, "auth": auth}],
        }
    )


@dataclass(frozen=True)
class Running:
    """A server that is accepting."""

    settings: Settings
    server: Server
    port: int

    @property
    def source(self) -> str:
        return self.settings.sources[0].name

    @property
    def topic(self) -> str:
        return topics.webhooks(self.source)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where an authentic webhook of a `token` source goes."""
        return f"{self.base}/webhooks/{self.source}/{TOKEN}"

    @property
    def path(self) -> str:
        return f"/webhooks/{self.source}/{TOKEN}"

    async def records(self, source: str | None = None) -> Sequence[Record]:
        """What has been stored, of the first source or of the one that is named."""
        bootstrap = self.settings.kafka.bootstrap
        assert bootstrap is not None
        topic = self.topic if source is None else topics.webhooks(source)
        return await asyncio.to_thread(read_committed, bootstrap, topic)

    async def raw(self, *parts: bytes, end: bool = False, pause_s: float = 0.02) -> bytes:
        """Sends these parts one after another on a connection of its own; everything that comes back until its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
            if end:
                with suppress(OSError):  # it may be closed from the other side already
                    writer.write_eof()
            return await everything(reader)
        finally:
            writer.close()

    def head(self, *fields: str, method: str = "POST", path: str | None = None) -> bytes:
        """The head of a request; `fields` are whole lines."""
        lines = (f"{method} {path or self.path} HTTP/1.1", "Host: 127.0.0.1", *fields, "", "")
        return "\r\n".join(lines).encode("latin-1")


@asynccontextmanager
async def running(
    settings: Settings,
    environ: Mapping[str, str] = ENVIRON,
    producer_overrides: dict[str, Any] | None = None,
    with_topics: bool = True,
    patient: bool = True,
) -> AsyncIterator[Running]:
    """Serves until the block ends; the broker is known to be up when it begins.

    `patient`: a broker that is late is waited for, longer than settings allow; only some tests are about its lateness.
    """
    if patient:
        ingest = settings.ingest.model_copy(update={"produce_timeout_s": LATE_S})
        settings = settings.model_copy(update={"ingest": ingest})
    assert settings.kafka.bootstrap is not None
    names = [topics.webhooks(source.name) for source in settings.sources]
    if with_topics:
        await asyncio.to_thread(create_topics, settings.kafka.bootstrap, names)
    server = Server(settings, environ, producer_overrides)
    bound = listener.bind(settings.ingest.host, settings.ingest.port, shared=False)
    port = int(bound.getsockname()[1])
    await server.start(bound)
    try:
        async with asyncio.timeout(40):
            while not server.availability.is_up:
                await asyncio.sleep(0.02)
        yield Running(settings, server, port)
    finally:
        await server.stop()


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=30)) as client:
        yield client


async def everything(reader: asyncio.StreamReader, within_s: float = 20) -> bytes:
    """What comes until the other side closes, or resets because we were still sending."""
    received = b""
    with suppress(ConnectionResetError):
        async with asyncio.timeout(within_s):
            while part := await reader.read(65536):
                received += part
    return received


def status_of(answer: bytes) -> int:
    """The status of the first answer."""
    return int(answer.split(b" ", 2)[1])


def reason_of(answer: bytes) -> str:
    """The reason in the last answer."""
    reason: str = json.loads(answer.rpartition(b"\r\n\r\n")[2])["reason"]
    return reason


def duda_headers(body: bytes, secret: str = DUDA_SECRET, at_s: float | None = None) -> dict[str, str]:
    """As Duda signs (PLATFORMS)."""
    timestamp = str(int((time.time() if at_s is None else at_s) * 1000))
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).digest()
    return {"x-duda-signature": base64.b64encode(mac).decode(), "x-duda-signature-timestamp": timestamp}
