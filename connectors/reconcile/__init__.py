"""Both sides compared: what a target should have by our state, and what it shows. `orderlog reconcile`."""

from connectors.reconcile.cli import command

__all__ = ["command"]
