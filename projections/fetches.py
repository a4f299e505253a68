"""What is to be fetched: a thin ping says that something happened, and the platform's API has to be asked what. Pure.

The state remembers for each of the platform's words the latest ping, and the last fetch that was commanded for it. At
most one fetch is open per order and word; a ping while it is open leads to one more after it, since nobody knows
whether the answer was made before or after what the ping tells of. So fifty copies of a ping lead to two fetches, and
a ping that was folded before, as in a replay, to none.
"""

from collections.abc import Mapping

from projections.decide import command_id
from projections.targets import PENDING, became, outranks
from streams.vocabulary import Command, CommandType, Order, OrderEvent
from streams.vocabulary.event import DeliveryFacts
from streams.vocabulary.order import Clock, Fetch

# Bounded, whatever a sender makes up: the words of the latest pings, so that none depends on the order of arrival.
WORDS_MAX = 8


def is_fetch(delivery: DeliveryFacts) -> bool:
    """What became of a fetch says nothing of what the target has of the order."""
    return delivery.command_type == CommandType.FETCH_ORDER


def pinged(pings: Mapping[str, Clock], event: OrderEvent, clock: Clock) -> dict[str, Clock]:
    """Word → the latest ping with it, after `event`."""
    if not event.data.is_ping:
        return dict(pings)
    word = event.platform_event or ""
    known = {**pings, word: max(pings.get(word, clock), clock)}
    latest = sorted(known.items(), key=lambda item: item[1])[-WORDS_MAX:]
    return dict(sorted(latest))


def ended(fetches: Mapping[str, Fetch], event: OrderEvent) -> dict[str, Fetch]:
    """Word → its last fetch, after `event`."""
    if event.delivery is None or not is_fetch(event.delivery):
        return dict(fetches)
    id, status = event.delivery.command_id, became(event)
    return {
        word: fetch.model_copy(update={"status": status})
        if fetch.id == id and outranks(status, fetch.status)
        else fetch
        for word, fetch in fetches.items()
    }


def demand(order: Order, target: str, cause: OrderEvent) -> tuple[Order, tuple[Command, ...]]:
    """The order with its fetches noted, and their commands, in the order of the words; `cause` only signs them.

    `target`: the API that has the orders of the order's source.
    """
    book = order.bookkeeping
    due = {word: ping for word, ping in book.pings.items() if _is_due(book.fetches.get(word), target, ping[3])}
    if not due:
        return order, ()
    fetches = {word: fetch for word, fetch in book.fetches.items() if word in book.pings}
    commands = []
    for word, ping in due.items():
        commands.append(_command(order, target, word, ping[3], cause))
        fetches[word] = Fetch(id=commands[-1].id, target=target, ping=ping[3], status=PENDING)
    bookkeeping = book.model_copy(update={"fetches": dict(sorted(fetches.items()))})
    return order.model_copy(update={"bookkeeping": bookkeeping}), tuple(commands)


def _is_due(last: Fetch | None, target: str, ping_id: str) -> bool:
    """A fetch from a target that is no longer asked may never end, so it holds nothing up."""
    if last is None:
        return True
    is_open = last.status == PENDING and last.target == target
    return not is_open and last.ping != ping_id


def _command(order: Order, target: str, word: str, ping_id: str, cause: OrderEvent) -> Command:
    last = order.bookkeeping.fetches.get(word)
    return Command(
        id=command_id(order.key, target, CommandType.FETCH_ORDER, f"{word}:{ping_id}", last.id if last else ""),
        type=CommandType.FETCH_ORDER,
        target=target,
        order_key=order.key,
        data={"order_id": order.key.partition(":")[2], "event_type": word},
        caused_by=cause.id,
        receipt=cause.receipt,
        created_at=cause.received_at,
    )
