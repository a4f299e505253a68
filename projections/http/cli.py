"""`orderlog projections`: the role in the foreground."""

import socket

from streams.settings import Settings, SettingsError
from streams.settings.errors import Mistake


def command(settings: Settings) -> None:
    """Serve the read side and operators' decisions over HTTP until SIGTERM or SIGINT; then exit with 0.

    Raises `SettingsError` where the token cannot be had, the door would stand open, or the port is taken.
    """
    from projections.http import process

    process.run(settings, _bind(settings))


def _bind(settings: Settings) -> socket.socket:
    host, port = settings.projections.host, settings.projections.port
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        mend = "choose another projections.host or projections.port (0: any free port)"
        problem = f"cannot listen on {host}:{port} ({error.strerror or error})"
    raise SettingsError([Mistake("", "projections.port", problem, mend)])
