"""`orderlog connectors`: the delivery agents, in the foreground."""

from streams.settings import Settings
from streams.worker import run


def command(settings: Settings) -> None:
    """Deliver commands to the downstream APIs."""
    run(settings, role="connectors")
