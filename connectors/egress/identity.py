"""Our TLS certificate, read again when its files change: a rotated one needs no restart."""

import ssl

import structlog

from streams.settings.outbound import Tls
from streams.settings.tls import InvalidTls, client_context, path_of, present

log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


class Identity:
    """`context` is for a session; `refresh` before each handshake. Raises `InvalidTls` when made of unusable files."""

    def __init__(self, section: str, tls: Tls | None) -> None:
        self._section, self._tls = section, tls
        self._stamp = _stamp(tls)
        self.context = client_context(tls)

    def refresh(self) -> None:
        """A pair that is not whole yet (one file of two replaced) is passed over: the old one is shown until then."""
        if self._tls is None or (stamp := _stamp(self._tls)) == self._stamp:
            return
        self._stamp = stamp
        try:
            present(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), self._tls)
            present(self.context, self._tls)
        except InvalidTls as error:
            log.warning("client certificate not changed", section=self._section, error=str(error))
        else:
            log.info("client certificate changed", section=self._section)


def _stamp(tls: Tls | None) -> Stamp:
    """Differs once a file is another; a link is followed, as secrets are mounted that way."""
    refs = (tls.client_cert, tls.client_key) if tls is not None else ()
    return tuple(_of_file(ref) for ref in refs if ref is not None)


def _of_file(ref: str) -> tuple[int, int, int]:
    try:
        found = path_of(ref).stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
