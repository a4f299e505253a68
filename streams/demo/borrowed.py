"""A broker that is not ours: the demo may only use it where it disturbs nobody, and leaves it as it was."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

TIMEOUT_S = 15.0
GROUPS_TIMEOUT_S = 20.0
RETRY_S = 0.5


class NotClean(Exception):
    """The broker has topics that the demo would write to."""


class Borrowed:
    """`topics` and `groups`: what the run is going to make there."""

    def __init__(self, bootstrap: str, topics: Sequence[str], groups: Sequence[str]) -> None:
        self._bootstrap, self._topics, self._groups = bootstrap, topics, groups
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._is_checked = False

    async def check(self) -> None:
        """Raises `NotClean` where a topic of that name exists: its records are somebody's. And where none answers."""
        try:
            there = await asyncio.to_thread(lambda: self._admin.list_topics(timeout=TIMEOUT_S).topics)
        except KafkaException as error:
            raise NotClean(f"no broker answers at {self._bootstrap}: {error.args[0].str()}") from None
        if taken := sorted(set(self._topics) & there.keys()):
            raise NotClean(
                f"the broker at {self._bootstrap} has {', '.join(taken)} already, and the demo does not touch them: "
                "leave kafka.bootstrap unset and it starts a broker of its own"
            )
        self._is_checked = True

    async def give_back(self) -> None:
        """Deletes what the run made there; nothing where it was not clean to begin with."""
        if self._is_checked:
            await asyncio.to_thread(self._delete)

    def _delete(self) -> None:
        topics: dict[str, Future[None]] = self._admin.delete_topics(list(self._topics), operation_timeout=TIMEOUT_S)
        for future in topics.values():
            with suppress(KafkaException):  # not there: the run did not get so far
                future.result(TIMEOUT_S)
        # A static member counts as present until its session is over, and its group cannot be deleted before.
        deadline = time.monotonic() + GROUPS_TIMEOUT_S
        while self._has_groups() and time.monotonic() < deadline:
            time.sleep(RETRY_S)

    def _has_groups(self) -> bool:
        """Tries to delete them; whether one is still there."""
        futures: dict[str, Future[None]] = self._admin.delete_consumer_groups(
            list(self._groups), request_timeout=TIMEOUT_S
        )
        errors = [future.exception(TIMEOUT_S) for future in futures.values()]
        codes = {error.args[0].code() for error in errors if isinstance(error, KafkaException)}
        return bool(codes - {KafkaError.GROUP_ID_NOT_FOUND})
