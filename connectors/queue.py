"""What may be sent now: in order per key, in parallel across keys. Pure, no scan over all keys.

Each key has its deliveries first in, first out, and its head is in exactly one of three places:

    waiting   in the heap, by the time when it is due
    busy      started, and not yet settled
    held      dead: nothing of this key moves until `release` or `discard`

A dead one that is independent (a read, a change that came too late) is parked beside its key instead, which goes on: at
most one of a subject, until a newer one of it has ended. An older change that was redriven, and ends after a newer one,
takes the place of none: the newest is what a person has to mend.

Only what is committed may be put in, and a busy key is settled only after the commit of what became of it.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from itertools import islice

from connectors.vocabulary import Delivery
from streams.vocabulary import CommandType


class DeliveryQueue:
    """The deliveries of one partition. Times are POSIX seconds."""

    def __init__(self, deliveries: Iterable[Delivery] = ()) -> None:
        self._keys: dict[str, deque[Delivery]] = {}
        self._waiting: list[tuple[float, int, str]] = []
        self._busy: set[str] = set()
        self._held: set[str] = set()
        self._parked: dict[tuple[str, CommandType], Delivery] = {}
        self._ids: set[str] = set()
        self._behind = 0
        # One that was parked and redriven went behind what its key had then: a dead letter that holds may be before it.
        for delivery in sorted(deliveries, key=lambda each: (each.is_independent and each.redrives > 0, each.sequence)):
            self.add(delivery)

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._ids

    def __len__(self) -> int:
        """Every delivery, also those held."""
        return len(self._ids)

    @property
    def held(self) -> int:
        """Dead letters that wait for an operator."""
        return len(self._held) + len(self._parked)

    @property
    def pending(self) -> int:
        """What counts against the bound: not dead, and not behind a dead one, which reading more can set free."""
        return len(self._ids) - self.held - self._behind

    def superseded_by(self, delivery: Delivery) -> Delivery | None:
        """The older dead one that goes when this busy one has ended; of reads the later is the newer."""
        parked = self._parked.get(delivery.subject) if delivery.is_independent else None
        if parked is None or parked.id == delivery.id or self.is_overtaken(delivery):
            return None
        return parked

    def is_overtaken(self, delivery: Delivery) -> bool:
        """Whether a newer change of its subject is parked, so that this one need not be."""
        parked = self._parked.get(delivery.subject) if delivery.is_independent and not delivery.is_read else None
        return parked is not None and parked.sequence > delivery.sequence

    def parked_over(self, count_max: int) -> list[Delivery]:
        """The parked ones past that many, the oldest first: who pings orders at random must not fill memory."""
        return list(islice(self._parked.values(), max(0, len(self._parked) - count_max)))

    def forget(self, delivery: Delivery) -> None:
        """A parked one is superseded; one that is not here any more is let be."""
        if self._is_parked(delivery):
            self._unpark(delivery)

    def add(self, delivery: Delivery) -> None:
        """At the end of its key. An id that is there already is not queued twice: raises `ValueError`."""
        if delivery.id in self._ids:
            raise ValueError(f"delivery {delivery.id} is queued already")
        self._ids.add(delivery.id)
        if delivery.is_parked:
            self._park(delivery)
            return
        queue = self._keys.setdefault(delivery.key, deque())
        queue.append(delivery)
        if len(queue) == 1:
            self._place(delivery)
        elif delivery.key in self._held:
            self._behind += 1

    def next_due(self) -> float | None:
        """When something is due next; None where nothing waits for its time."""
        return self._waiting[0][0] if self._waiting else None

    def start(self, now: float) -> Delivery | None:
        """The delivery that has been due for longest, whose key is busy from now on; None where nothing is due."""
        if not self._waiting or self._waiting[0][0] > now:
            return None
        _, _, key = heapq.heappop(self._waiting)
        self._busy.add(key)
        return self._keys[key][0]

    def finish(self, delivery: Delivery) -> None:
        """A busy delivery has its outcome: the next of its key may go."""
        self._busy.remove(delivery.key)
        self._drop_head(delivery)
        if delivery.is_independent and not self.is_overtaken(delivery):
            self._unpark(delivery)

    def settle(self, delivery: Delivery) -> None:
        """A busy delivery is to be tried again at its `due_at`, or is dead and holds its key."""
        self._check_head(delivery)
        self._busy.remove(delivery.key)
        if delivery.is_parked:
            self._drop_head(delivery)
            if not self.is_overtaken(delivery):
                self._ids.add(delivery.id)
                self._park(delivery)
            return
        self._keys[delivery.key][0] = delivery
        self._place(delivery)

    def release(self, delivery: Delivery) -> None:
        """Redrive: `delivery` takes the place of the dead one that holds its key; a parked one goes to its end."""
        if self._is_parked(delivery):
            self._unpark(delivery)
            self.add(delivery)
            return
        self._unhold(delivery)
        self._keys[delivery.key][0] = delivery
        self._place(delivery)

    def discard(self, delivery: Delivery) -> None:
        """The dead delivery that holds its key goes, and the next of its key may go."""
        if self._is_parked(delivery):
            self._unpark(delivery)
            return
        self._unhold(delivery)
        self._drop_head(delivery)

    def _place(self, head: Delivery) -> None:
        if head.is_dead:
            self._held.add(head.key)
            self._behind += len(self._keys[head.key]) - 1
        else:
            heapq.heappush(self._waiting, (head.due_at.timestamp(), head.sequence, head.key))

    def _is_parked(self, delivery: Delivery) -> bool:
        parked = self._parked.get(delivery.subject)
        return parked is not None and parked.id == delivery.id

    def _park(self, delivery: Delivery) -> None:
        self._unpark(delivery)
        self._parked[delivery.subject] = delivery

    def _unpark(self, delivery: Delivery) -> None:
        if (parked := self._parked.pop(delivery.subject, None)) is not None:
            self._ids.remove(parked.id)

    def _unhold(self, delivery: Delivery) -> None:
        self._check_head(delivery)
        self._held.remove(delivery.key)
        self._behind -= len(self._keys[delivery.key]) - 1

    def _drop_head(self, delivery: Delivery) -> None:
        self._check_head(delivery)
        queue = self._keys[delivery.key]
        queue.popleft()
        self._ids.remove(delivery.id)
        if queue:
            self._place(queue[0])
        else:
            del self._keys[delivery.key]

    def _check_head(self, delivery: Delivery) -> None:
        head = self._keys[delivery.key][0]
        if head.id != delivery.id:
            raise ValueError(f"delivery {delivery.id} is not the head of its key")
