"""Which addresses may be connected to, asked when the connection is made.

A name is looked up once for a connection, and what came is what is connected to: an answer that changes between the
look and the connection finds no gap. `resolve` judges the answers for the name that was asked for; `socket` judges
each address again, a literal one for the first time, before there is a socket for it. Refused: nothing is sent.
"""

import errno
import socket
from collections.abc import Iterable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from streams.settings.addresses import NEVER, Kind, is_allowed, is_loopback, kind_of, literal

AddrInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
SHOWN_MAX = 3


class RefusedAddress(OSError):
    """The address is of a kind that the settings do not allow. The message says where it leads, and what allows it."""

    def __init__(self, host: str, found: Sequence[tuple[str, Kind]], section: str) -> None:
        shown = ", ".join(f"{address} ({kind})" for address, kind in found[:SHOWN_MAX])
        more = f" and {len(found) - SHOWN_MAX} more" if len(found) > SHOWN_MAX else ""
        leads = "" if [host] == [address for address, _ in found] else f"{host} leads to "
        never = all(kind in NEVER for _, kind in found)
        mend = "never connected to" if never else f"if that is meant, set allow_private = true in {section}"
        super().__init__(errno.EACCES, f"{leads}{shown}{more}: {mend}")

    def __str__(self) -> str:
        return str(self.strerror)


class Guard:
    """Of one session. `section`: where its settings are; `urls`: all that it is for."""

    def __init__(self, section: str, urls: Iterable[str], allow_private: bool) -> None:
        self._section, self._allow_private = section, allow_private
        self._says_loopback = any(is_loopback(_host(url)) for url in urls)

    def resolver(self, inner: AbstractResolver) -> AbstractResolver:
        return _Resolver(self, inner)

    def answers(self, host: str, found: Sequence[ResolveResult]) -> list[ResolveResult]:
        """Those that `host` may lead to. Raises `RefusedAddress` where none is left, `OSError` where none is."""
        if not found:
            raise OSError(errno.ENOENT, f"{host} has no address")
        says_loopback = is_loopback(host)
        kinds = [(answer, _kind(answer["host"])) for answer in found]
        allowed = [answer for answer, kind in kinds if self._allows(kind, says_loopback)]
        if not allowed:
            raise RefusedAddress(host, [(answer["host"], kind) for answer, kind in kinds], self._section)
        return allowed

    def socket(self, info: AddrInfo) -> socket.socket:
        """What aiohttp connects, to exactly this address. Raises `RefusedAddress`."""
        family, type, proto, _, address = info
        host = str(address[0])
        if not self._allows(kind := _kind(host), self._says_loopback):
            raise RefusedAddress(host, [(host, kind)], self._section)
        return socket.socket(family, type, proto)

    def _allows(self, kind: Kind, says_loopback: bool) -> bool:
        return is_allowed(kind, says_loopback=says_loopback, allow_private=self._allow_private)


class _Resolver(AbstractResolver):
    """Gives of the answers only those that the guard allows."""

    def __init__(self, guard: Guard, inner: AbstractResolver) -> None:
        self._guard, self._inner = guard, inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return self._guard.answers(host, await self._inner.resolve(host, port, family))

    async def close(self) -> None:
        await self._inner.close()


def _host(url: str) -> str:
    """As aiohttp reads it; empty for what is no URL, which fails when it is asked for."""
    try:
        return URL(url).host or ""
    except ValueError:
        return ""


def _kind(address: str) -> Kind:
    """What cannot be read is not an address to connect to."""
    found = literal(address)
    return Kind.UNSPECIFIED if found is None else kind_of(found)
