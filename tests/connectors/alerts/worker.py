"""A real connectors worker that kills itself around an alert's message, when it is told to.

python -m tests.connectors.alerts.worker     (settings from ORDERLOG_CONFIG, FAILPOINT as tests.connectors.worker)

known   an alert's state is committed, its message is not sent       sent   the message was taken, not noted
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.alerts.alert import Alert, News
from connectors.alerts.hook import Hook
from streams import log, topics
from streams.record import Output
from streams.runtime.partition import Partition
from streams.settings import load
from streams.worker import run
from tests.connectors.worker import Failpoint


def arm(failpoint: Failpoint) -> None:
    """Wraps the two seams: the commit and the message."""
    commit, send = Partition.commit, Hook.send

    async def failing_commit(
        self: Partition, outputs: Sequence[Output], changes: Mapping[bytes, bytes | None], next_offset: int | None
    ) -> None:
        await commit(self, outputs, changes, next_offset)
        if self.topic == topics.ALERT_REQUESTS and any(map(_is_untold, changes.values())):
            failpoint.reached("known")

    async def failing_send(self: Hook, text: str) -> None:
        await send(self, text)
        failpoint.reached("sent")

    seams: Any = Partition
    seams.commit = failing_commit
    Hook.send = failing_send  # type: ignore[method-assign]


def _is_untold(value: bytes | None) -> bool:
    """An alert that fires, and of which the last message did not say so."""
    return value is not None and Alert.from_json(value).is_firing and Alert.from_json(value).told is not News.FIRING


def main() -> None:
    settings = load(None, os.environ)
    log.configure("json", "info", "connectors")
    arm(Failpoint(Path(os.environ["FAILPOINT"])))
    run(settings, role="connectors")


if __name__ == "__main__":
    main()
