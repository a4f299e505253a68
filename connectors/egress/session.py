"""A session for what one section of the settings sends: checked addresses, verified TLS, deadlines, no memory.

Not followed: redirects (each request says so itself). Not read: proxies and credentials of the environment. Not kept:
cookies. Not unpacked: compressed answers. Not sent again unasked: a request whose connection was cut.
"""

import socket
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver

from connectors.egress.guard import AddrInfo, Guard
from connectors.egress.identity import Identity
from streams.settings.errors import Mistake, SettingsError
from streams.settings.outbound import Outbound
from streams.settings.tls import InvalidTls

KEEPALIVE_S = 30.0
USER_AGENT = "orderlog"


def open_session(
    section: str, way: Outbound, connections_max: int, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """`section`: as the file names it, for messages. Raises `SettingsError` where a file of `tls` cannot be used.

    A coroutine function as `trace_request_ctx` of a request is awaited when the request has its connection, right
    before it leaves.
    """
    identity = _identity(section, way)
    guard = Guard(section, _urls(way), way.allow_private)

    def connected(info: AddrInfo) -> socket.socket:
        identity.refresh()
        return guard.socket(info)

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections_max,
            ssl=identity.context,
            keepalive_timeout=KEEPALIVE_S,
            resolver=guard.resolver(resolver or aiohttp.ThreadedResolver()),
            socket_factory=connected,
        ),
        timeout=_deadlines(way),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # a small body could become a large one
        trust_env=False,
        headers={"User-Agent": USER_AGENT},
        trace_configs=[_before_leaving()],
    )
    session._retry_connection = False  # by itself aiohttp sends a GET or PUT once more, past the rate
    return session


def _before_leaving() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def wait(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
        if callable(turn := context.trace_request_ctx):
            await turn()

    # Awaited before they are written. In the hooks for connections a wait that is cut short would leave one open.
    trace.on_request_headers_sent.append(wait)
    return trace


def check_files(section: str, way: Outbound) -> None:
    """At the start, before there is a session. Raises `SettingsError`."""
    if way.tls is not None:
        _identity(section, way)


def _identity(section: str, way: Outbound) -> Identity:
    try:
        return Identity(section, way.tls)
    except InvalidTls as error:
        problem = Mistake("", f"{section}.tls.{error.field}", error.what, error.mend)
    raise SettingsError([problem])


def _urls(way: Outbound) -> list[str]:
    token_url = getattr(way.auth, "token_url", None)
    return [way.base_url] if token_url is None else [way.base_url, token_url]


def _deadlines(way: Outbound) -> aiohttp.ClientTimeout:
    """One that cannot come before `timeout_s` is left out: the message names the deadline that it was."""
    connect_s = way.connect_timeout_s if way.connect_timeout_s < way.timeout_s else None
    read_s = way.read_timeout_s if way.read_timeout_s is not None and way.read_timeout_s < way.timeout_s else None
    return aiohttp.ClientTimeout(total=way.timeout_s, connect=connect_s, sock_connect=connect_s, sock_read=read_s)
