"""One ingest process in the foreground."""

import gc
import os
import socket

from ingest.server import Server
from streams import serving
from streams.settings import Settings


def run(settings: Settings, bound: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises what ended it otherwise."""
    # What lives from the start to the end need not be looked at again.
    serving.run(Server(settings, os.environ), bound, started=gc.freeze)
