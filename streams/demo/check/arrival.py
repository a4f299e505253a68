"""What the raw records tell, in the order in which it reached each order."""

from streams.demo.evidence import Evidence, Place, arrived, place_of
from streams.demo.model import read
from streams.demo.told import Told


def told(evidence: Evidence) -> list[Told]:
    """Sources have topics of their own, so only the order of the events says which of two came first to an order.

    What gave no event comes last: `check_facts` has a finding for it.
    """
    first: dict[tuple[Place, str], int] = {}
    for number, event in enumerate(evidence.events):
        origin = (event.origin.topic, event.origin.partition, event.origin.offset)
        first.setdefault((origin, event.order_key), number)
    found = [
        (first.get((place_of(record), one.order_key), len(evidence.events)), one)
        for record in evidence.raw
        for one in read(arrived(record)).told
    ]
    return [one for _, one in sorted(found, key=lambda entry: entry[0])]
