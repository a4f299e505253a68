"""Stock: what all orders together hold of each product, against the movements and against the table."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from streams.demo.check.arrival import told
from streams.demo.check.finding import Finding, doubled, lost
from streams.demo.evidence import Evidence
from streams.demo.model import stock


def check_stock(evidence: Evidence) -> Iterator[Finding]:
    """Each movement is there once; their sum, and the level in the table, are what the orders hold in the end."""
    for id, times in Counter(movement.id for movement in evidence.movements).items():
        if times > 1:
            yield doubled(id, f"a movement that was written {times} times")
    moved: dict[str, Decimal] = {}
    for movement in evidence.movements:
        moved[movement.product_key] = moved.get(movement.product_key, Decimal(0)) + movement.delta
    wanted = stock(told(evidence))
    levels = {key: one.level for key, one in evidence.stock.items()}
    for what, found in (("its movements come to", moved), ("its level is", levels)):
        for key in sorted(wanted.keys() | found.keys()):
            yield from _check_level(key, wanted.get(key, Decimal(0)), found.get(key, Decimal(0)), what)


def _check_level(key: str, wanted: Decimal, found: Decimal, what: str) -> Iterator[Finding]:
    """Too much was taken: something was counted twice. Too little: something was lost."""
    if found != wanted:
        verdict = doubled if found < wanted else lost
        yield verdict(key, f"{what} {found}, and the orders hold {-wanted}")
