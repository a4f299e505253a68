"""A Faust worker that leaves logging, standard output and the terminal to us."""

from typing import Any

import faust


class QuietWorker(faust.Worker):
    """Faust's worker without its spinner, log configuration and redirected stdout: our lines stay whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"override_logging": False, "redirect_stdouts": False, "quiet": True}))
        self.spinner = None

    async def _sentinel_task(self) -> None:
        """Faust sleeps a second here at every stop; there is nothing to wait for."""
