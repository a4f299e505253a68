"""The files of a `tls = { … }` → an `ssl.SSLContext` for a client. What is wrong with them is told at the start."""

import ssl
from collections.abc import Iterator
from pathlib import Path as FilePath

from streams.settings.lines import Path
from streams.settings.model import Settings
from streams.settings.outbound import Tls

FILE_BYTES_MAX = 4 * 1024 * 1024


class InvalidTls(Exception):
    """`field` of the table cannot be used. Holds nothing of what is in the files."""

    def __init__(self, field: str, what: str, mend: str) -> None:
        super().__init__(f"{what}; {mend}")
        self.field, self.what, self.mend = field, what, mend


def client_context(tls: Tls | None) -> ssl.SSLContext:
    """Verifies the server's name and chain, always. Raises `InvalidTls`."""
    if tls is None:
        return ssl.create_default_context()
    context = _trusting(tls)
    present(context, tls)
    return context


def unusable(settings: Settings) -> Iterator[tuple[Path, str, str]]:
    """Each `tls` whose files cannot be used: the setting's path, what is wrong, how to mend it."""
    ways: list[tuple[Path, Tls | None]] = [
        (("targets", number), target.tls) for number, target in enumerate(settings.targets)
    ]
    for number, source in enumerate(settings.sources):
        if source.poll is not None:
            ways.append((("sources", number, "poll"), source.poll.tls))
    for path, tls in ways:
        try:
            if tls is not None:
                client_context(tls)
        except InvalidTls as error:
            yield (*path, "tls", error.field), error.what, error.mend


def present(context: ssl.SSLContext, tls: Tls) -> None:
    """Has `context` show our certificate from now on. Raises `InvalidTls`; then `context` is not to be relied on."""
    if tls.client_cert is None or tls.client_key is None:
        return
    certificate = _text("client_cert", tls.client_cert)
    key = _text("client_key", tls.client_key)
    if "-----BEGIN CERTIFICATE-----" not in certificate:
        raise InvalidTls("client_cert", f"{tls.client_cert} holds no certificate", "write it as PEM")
    if "PRIVATE KEY-----" not in key:
        raise InvalidTls("client_key", f"{tls.client_key} holds no private key", "write it as PEM")
    if "ENCRYPTED" in key:
        raise InvalidTls("client_key", f"{tls.client_key} is encrypted", "decrypt it, and let only Orderlog read it")
    try:
        context.load_cert_chain(path_of(tls.client_cert), path_of(tls.client_key), password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            what = f"{tls.client_key} is not the key of {tls.client_cert}"
            raise InvalidTls("client_key", what, "name two that belong together") from None
        what = f"{tls.client_cert} and {tls.client_key} cannot be used ({error.reason or 'no valid PEM'})"
        raise InvalidTls("client_cert", what, "write them as PEM") from None
    except OSError as error:
        raise InvalidTls("client_cert", f"cannot be read ({error.strerror})", "check the paths") from None


def path_of(ref: str) -> FilePath:
    """`file:PATH` → the path."""
    return FilePath(ref.removeprefix("file:"))


def _trusting(tls: Tls) -> ssl.SSLContext:
    if tls.ca is None:
        return ssl.create_default_context()
    _text("ca", tls.ca)
    try:
        return ssl.create_default_context(cafile=str(path_of(tls.ca)))
    except ssl.SSLError:
        raise InvalidTls("ca", f"{tls.ca} holds no certificate", "write the authorities' certificates as PEM") from None


def _text(field: str, ref: str) -> str:
    try:
        with path_of(ref).open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise InvalidTls(field, f"{ref} cannot be read ({problem})", "check the path and its permissions") from None
    if len(raw) > FILE_BYTES_MAX:
        raise InvalidTls(field, f"{ref} is larger than {FILE_BYTES_MAX} bytes", "check the path")
    return raw.decode("ascii", "replace")
