"""What an order's state, and its record at the target, must say, from its webhooks alone.

Written from the platforms' documents and from what Orderlog promises, without importing the code that does it: a second
opinion. What a raw record says is told by `platforms`. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from streams.demo.platforms import PLATFORMS
from streams.demo.told import MONEY, WALK, Arrived, Body, Reading, Told


@dataclass(frozen=True, slots=True)
class Expected:
    """`must` be at the target; or `may`: cancelled, and whether it was created before depends on who was quicker.

    `body`: what its record says if there is one, the platform's last word, also where the order was cancelled; None
    where nobody has said what was bought. `status`, `money`, `tracking`: of its state, whoever has said so.
    `payments`, `streets`, `pieces`: what was paid, everywhere that it was to be sent to (the last one last), and how
    many of what.
    """

    must: bool
    may: bool
    body: Body | None
    status: str
    money: str
    tracking: frozenset[str]
    payments: Mapping[str, Decimal]
    streets: tuple[str, ...]
    pieces: Mapping[str, Decimal]


def read(arrived: Arrived) -> Reading:
    """What a raw record tells; nothing but that it is bad where it is rubbish."""
    try:
        return PLATFORMS[arrived.source].read(arrived)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return Reading(is_bad=True)


def expected(told: Iterable[Told]) -> Mapping[str, Expected]:
    """`told`: in the order in which it arrived, as far as one order goes."""
    return {key: _expect(all_told) for key, all_told in _by_order(told).items()}


def stock(told: Iterable[Told]) -> Mapping[str, Decimal]:
    """Product key → what all orders together hold of it, as a negative number; nought where all of it came back."""
    levels: dict[str, Decimal] = {}
    for all_told in _by_order(told).values():
        holding = [one for one in all_told if one.held is not None]
        levels |= {product: levels.get(product, Decimal(0)) for one in holding for product in one.held or {}}
        last = _last(holding)
        if last is None or any(one.is_cancelling for one in all_told):
            continue
        for product, count in (last.held or {}).items():
            levels[product] -= count
    return levels


def _by_order(told: Iterable[Told]) -> Mapping[str, list[Told]]:
    orders: dict[str, list[Told]] = {}
    for one in told:
        orders.setdefault(one.order_key, []).append(one)
    return orders


def _expect(told: list[Told]) -> Expected:
    placed = next((at for at, one in enumerate(told) if one.is_placing), None)
    cancelled = next((at for at, one in enumerate(told) if one.is_cancelling), None)
    last = _last([one for one in told if one.body is not None])
    may = placed is not None and (cancelled is None or placed < cancelled)
    return Expected(
        must=may and cancelled is None,
        may=may,
        body=last.body if last else None,
        status=max((one.status for one in told), key=WALK.index),
        money=max((one.money for one in told), key=MONEY.index),
        tracking=frozenset(number for one in told for number in one.tracking),
        payments={id: amount for one in told for id, amount in one.payments.items()},
        streets=tuple(one.street for one in sorted(told, key=lambda one: one.at) if one.street),
        pieces=next((one.pieces for one in told if one.pieces), {}),
    )


def _last(told: list[Told]) -> Told | None:
    """Of two webhooks with the same time and kind, the one that arrived later counts."""
    return max(enumerate(told), key=lambda entry: (entry[1].at, entry[0]))[1] if told else None
