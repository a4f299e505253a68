"""`orderlog streams`: the Faust worker with the fold-side agents, in the foreground."""

from streams.settings import Settings


def command(settings: Settings) -> None:
    """Run the role streams until SIGTERM or SIGINT."""
    from streams.worker import run

    run(settings, role="streams")
