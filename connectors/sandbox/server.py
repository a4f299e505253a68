"""Several stand-in APIs side by side behind one port. Each is a class in a module of its own, with paths of its own."""

from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

BODY_BYTES_MAX = 1024 * 1024


class StandIn(Protocol):
    """One stand-in API. Its own paths are the vendor's, its admin paths begin with `/_sandbox/<its name>/`."""

    def add_to(self, app: web.Application) -> None:
        """Adds its routes, and what it needs to start and to stop."""


def application(apis: Iterable[StandIn]) -> web.Application:
    """The aiohttp application with all of them, not started."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    for api in apis:
        api.add_to(app)
    return app
