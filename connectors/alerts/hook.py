"""One message to a Slack-compatible incoming webhook: `POST <url>` with `{"text"}`. The URL is a secret."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp
import orjson

from connectors.bounded import read_cut
from connectors.egress import check_files, network_error, open_session, timed_out
from connectors.exchange import ERROR_CHARS_MAX, Masker, masker
from connectors.schedule import retry_after_s
from streams.settings.alerts import Alerts
from streams.settings.check_urls import problem_of_secret_url
from streams.settings.errors import Mistake, SettingsError
from streams.settings.outbound import Tls
from streams.settings.secrets import resolve

SECTION = "alerts"
ANSWER_BYTES_MAX = 16 * 1024


class NotSent(Exception):
    """Nobody knows of the message. What it says holds nothing of the URL but its host."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Way:
    """How the requests go out: the settings' way, to the address that the secret names."""

    base_url: str = field(repr=False)
    allow_private: bool
    allow_plain_http: bool
    tls: Tls | None
    connect_timeout_s: float
    read_timeout_s: float | None
    timeout_s: float
    auth: None = None


def way_of(alerts: Alerts, environ: Mapping[str, str]) -> Way:
    """Raises `SettingsError`, which never has the URL: the secret is not there, is no URL, or its TLS is unusable."""
    url = resolve(alerts.url, environ).decode("utf-8", "replace")
    way = Way(
        url,
        alerts.allow_private,
        alerts.allow_plain_http,
        alerts.tls,
        alerts.connect_timeout_s,
        alerts.read_timeout_s,
        alerts.timeout_s,
    )
    if problem := problem_of_secret_url(way, url):
        raise SettingsError([Mistake("", f"{SECTION}.url", *problem)])
    check_files(SECTION, way)
    return way


class Hook:
    """Belongs to one event loop. One request at a time."""

    def __init__(self, way: Way) -> None:
        self._way, self._masker = way, _masker(way.base_url)
        self._session = open_session(SECTION, way, connections_max=1)

    async def close(self) -> None:
        await self._session.close()

    async def send(self, text: str) -> None:
        """Returns when the message was taken. Raises `NotSent`."""
        try:
            async with asyncio.timeout(self._way.timeout_s):
                await self._post(orjson.dumps({"text": text}))
        except TimeoutError as error:
            raise NotSent(timed_out(error, self._way.timeout_s)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotSent(self._masker.text(network_error(error))[:ERROR_CHARS_MAX]) from None

    async def _post(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        async with self._session.post(
            self._way.base_url, data=body, headers=headers, allow_redirects=False
        ) as response:
            await read_cut(response, ANSWER_BYTES_MAX)
            if not 200 <= response.status < 300:
                given = {name.lower(): value for name, value in response.headers.items()}
                raise NotSent(f"HTTP {response.status}", retry_after_s(given, datetime.now(UTC)))


def _masker(url: str) -> Masker:
    """Hides the URL, its path and its query: the host may be shown."""
    parts = urlsplit(url)
    return masker({url, f"{parts.path}?{parts.query}", parts.path, parts.query, *parts.path.split("/")} - {""})
