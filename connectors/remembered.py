"""What is finished and may be commanded again: a rebuild of the states decides upon it a second time. Pure.

Reads stay in the delivery table for as long as what they brought lies in the raw topic, so that it is not fetched
again; what a shop was told stays as long, since it may write to the buyer once more. Bounded: past `REMEMBERED_MAX` of
a partition the oldest go, and one of those that is commanded again is made again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from connectors.vocabulary import Delivery
from streams import topics

REMEMBERED_MAX = 10_000
REMEMBERED = timedelta(days=topics.RAW_DAYS)


class Remembered:
    """The finished ones of one partition, the oldest first."""

    def __init__(self, deliveries: Iterable[Delivery], count_max: int = REMEMBERED_MAX) -> None:
        done = sorted((each for each in deliveries if each.is_done), key=lambda each: each.due_at)
        self._ended = OrderedDict((each.id, each.due_at) for each in done)
        self._count_max = count_max

    def __len__(self) -> int:
        return len(self._ended)

    def too_old(self, adding: int, now: datetime) -> list[str]:
        """The ids to forget when so many are added now."""
        over = len(self._ended) + adding - self._count_max
        old: list[str] = []
        for id, at in self._ended.items():
            if len(old) >= over and now - at < REMEMBERED:
                break
            old.append(id)
        return old

    def apply(self, added: Sequence[Delivery], forgotten: Iterable[str]) -> None:
        """After the commit."""
        for id in forgotten:
            del self._ended[id]
        for delivery in added:
            self._ended[delivery.id] = delivery.due_at
