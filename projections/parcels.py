"""How far an order is by its parcels, of which CommerceOS tells one by one (seed 002, "Partial Fulfillment"). Pure.

A snapshot of one shipment is no word about the order: others may be behind it. So nothing that it says is kept as said
of the order; what all of them say together is read off the state, the same whichever came first. As another parcel
becomes known, that may be less than it was.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from projections import lattice
from streams.vocabulary import OrderEvent, OrderStatus, Shipment
from streams.vocabulary.facts import Fulfilment

Parcels = Mapping[str, tuple[str, ...]]
# Of units: no parcel that is known can have them.
IN_NO_SHIPMENT = "Committed"

_WORDS = tuple(lattice.SHIPMENTS)


def with_parcels(parcels: Parcels, event: OrderEvent) -> Parcels:
    """Shipment → who pushed snapshots of it alone, after `event`. Grows only, and is bounded by the shipments."""
    if not event.data.is_parcel:
        return parcels
    ids = [shipment.id for shipment in event.data.shipments or ()]
    if all(event.source in parcels.get(id, ()) for id in ids):
        return parcels
    added = {id: tuple(sorted({*parcels.get(id, ()), event.source})) for id in ids}
    return dict(sorted({**parcels, **added}.items()))


def together(
    parcels: Collection[str], shipments: Sequence[Shipment], fulfilment: Iterable[Fulfilment]
) -> OrderStatus | None:
    """As far as the shipment that is least far, those that only the order showed included; None where none was pushed.

    Not further than the units that must be in a shipment that is not known: those in none when they were counted last,
    and, as units at several stages are in as many shipments at least, the least far where fewer are known. A parcel
    with a word that no rule knows is taken for a new one.
    """
    if not parcels:
        return None
    known = {each.id: lattice.shipment_word(each.status) for each in shipments if each.id in parcels or each.status}
    if not any(known[id] for id in parcels if id in known):
        return None
    words = [word or _WORDS[0] for id, word in known.items() if word or id in parcels]
    counted = {word for line in fulfilment for word in line.units}
    stages = counted.intersection(_WORDS)
    if IN_NO_SHIPMENT in counted:
        words.append(_WORDS[0])
    elif len(stages) > len(words):
        words.extend(stages)
    return lattice.SHIPMENTS[min(words, key=_WORDS.index)]


def gone(parcels: Collection[str], shipments: Iterable[Shipment]) -> set[OrderStatus]:
    """What has become of any one of the parcels, of `SENT`, and what it was before that, for a person to see where the
    order is cancelled. Only ever grows."""
    if not parcels:
        return set()
    words = (lattice.shipment_word(each.status) for each in shipments if each.id in parcels)
    ranks = [lattice.STATUS_RANK[lattice.SHIPMENTS[word]] for word in words if word]
    return {status for status in lattice.SENT if lattice.STATUS_RANK[status] <= max(ranks, default=-1)}
