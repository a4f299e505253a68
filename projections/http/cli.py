"""`orderlog projections`: the role in the foreground."""

import os
import socket

from streams import listener
from streams.settings import Settings, SettingsError
from streams.settings.errors import Mistake


def command(settings: Settings) -> None:
    """Serve the read side and operators' decisions over HTTP until SIGTERM or SIGINT; then exit with 0.

    Raises `SettingsError` where the token cannot be had, the door would stand open, or the port is taken.
    """
    from projections.http.server import Server
    from streams import serving

    serving.run(Server(settings, os.environ), _bind(settings))


def _bind(settings: Settings) -> socket.socket:
    host, port = settings.projections.host, settings.projections.port
    try:
        return listener.bind(host, port, shared=False)
    except OSError as error:
        mend = "choose another projections.host or projections.port (0: any free port)"
        problem = f"cannot listen on {host}:{port} ({error.strerror or error})"
    raise SettingsError([Mistake("", "projections.port", problem, mend)])
