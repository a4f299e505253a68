"""`orderlog ingest`: the role in the foreground."""

import os
import socket
import sys

from streams import listener
from streams.settings import Settings, SettingsError
from streams.settings.errors import Mistake


def command(settings: Settings) -> None:
    """Take webhooks in over HTTP until SIGTERM or SIGINT; then answer what is in flight and exit with 0.

    Raises `SettingsError` where a secret cannot be had, a door would stand open, or the port is taken.
    """
    if settings.ingest.processes == 1:
        from ingest import process

        process.run(settings, _bind(settings, shared=False))
    else:
        from ingest import processes
        from ingest.sources import senders

        senders(settings, os.environ)  # told here once, not by each child
        with _bind(settings, shared=True) as bound:
            sys.exit(processes.run(settings, bound))


def _bind(settings: Settings, *, shared: bool) -> socket.socket:
    host, port = settings.ingest.host, settings.ingest.port
    try:
        return listener.bind(host, port, shared=shared)
    except OSError as error:
        mend = "choose another ingest.host or ingest.port (0: any free port)"
        problem = f"cannot listen on {host}:{port} ({error.strerror or error})"
    raise SettingsError([Mistake("", "ingest.port", problem, mend)])
