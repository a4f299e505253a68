"""What CommerceOS is told once an operator let a dead letter go: what the settings make of the order by then."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.targets.commerceos import CommerceOSKind
from projections.agents import fold_step
from streams.vocabulary import EventType
from tests.projections.commerceos_events import LINES, PAID, PLACED, placed
from tests.projections.commerceos_world import TARGET, World, said, settings

BARE = [{"id": "1", "external_product_id": "WIDGET", "quantity": "1"}]
DONE = ["create_order", "update_order", "change_delivery_address", "create_payment", "approve_order"]


class Desk(World):
    """With an operator at it."""

    def set(self, mapping: Mapping[str, Any]) -> None:
        """The settings are mended, and both roles start again."""
        self.settings = settings(mapping, "selldone")
        self._step, self._kind = fold_step(self.settings), CommerceOSKind(self.settings.target(TARGET))

    def let_go(self) -> None:
        """The oldest dead letter, and what follows from that."""
        self.discard()
        self.settle()

    @property
    def status(self) -> str:
        return self.order.targets[TARGET].status


@pytest.mark.parametrize(
    ("wrong", "mended", "told"),
    [
        ({"guest": None}, {"guest": "WALK-IN"}, {"customer": None}),
        ({"guest": None}, {"customer_id": "email"}, {"customer": {"email": "a@b.se"}}),
        ({"sku_from": ["sku"]}, {"sku_from": ["sku", "external_product_id"]}, {"lines": BARE}),
        ({}, {"currency": "SEK"}, {"currency": None}),
    ],
    ids=["guest", "customer_id", "sku_from", "currency"],
)
def test_discarded_creation_goes_out_as_the_mended_settings_make_it(
    wrong: Mapping[str, Any], mended: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """A redrive sends what was decided then, with the same mistake for ever; nothing else would send the order."""
    desk = Desk(wrong)
    desk.run(placed(**told), PAID)
    (dead,) = desk.dead
    assert (desk.types, desk.theirs, desk.status) == (["create_order"], None, "dead")
    desk.set(mended)
    desk.let_go()
    assert (desk.types, desk.dead) == (DONE, [dead])
    assert (desk.statuses(), desk.status) == (["Committed"], "delivered")


def test_discarded_creation_that_would_be_the_same_is_not_repeated() -> None:
    """A person has decided: not at the discard, nor with anything that says nothing new of it."""
    desk = Desk({"guest": None})
    desk.run(placed(customer=None))
    desk.let_go()
    assert (desk.order.bookkeeping.steps[TARGET]["create"].status, desk.status) == ("discarded", "discarded")
    desk.run(PAID)
    assert (desk.types, desk.theirs, desk.status) == (["create_order"], None, "discarded")


def test_settings_mended_after_the_discard_count_with_the_next_event() -> None:
    """Nothing looks at an order of which nothing is told."""
    desk = Desk({"guest": None})
    desk.run(placed(customer=None))
    desk.let_go()
    desk.set({})
    desk.run(PAID)
    assert (desk.types, desk.statuses()) == (DONE, ["Committed"])


def test_creation_that_is_mended_by_halves_can_be_discarded_again() -> None:
    """Each time what is sent is another command: one id would be taken for a repeat."""
    desk = Desk({"guest": None})
    desk.run(placed(customer=None, currency=None), PAID)
    desk.set({"guest": "WALK-IN"})
    desk.let_go()
    assert ([each.type.value for each in desk.dead], desk.status) == (["create_order", "update_order"], "dead")
    desk.set({"guest": "WALK-IN", "currency": "SEK"})
    desk.let_go()
    assert (len({each.id for each in desk.commands}), len(desk.commands)) == (len(DONE) + 1,) * 2
    assert desk.statuses() == ["Committed"]


def test_changed_order_that_waits_behind_its_dead_creation_is_not_sent_twice() -> None:
    """It was commanded when it changed: the discard only lets it go on."""
    desk = Desk({"guest": None})
    desk.take(placed(customer=None))
    desk.deliver()
    desk.hear()
    desk.take(said(EventType.CHANGED, 1, customer={"id": "CUST-1"}))
    desk.set({})
    desk.let_go()
    assert desk.types == ["create_order", "update_order", "change_delivery_address"]
    assert desk.status == "delivered"


def test_payment_that_was_discarded_is_not_made_again_by_other_settings() -> None:
    """It was recorded by hand, as the page says: a second one would be taken for money that was never paid."""
    desk = Desk({"payment_methods": {"giftcard": "com.heads.store-credit"}})
    desk.run(PLACED, PAID)
    (dead,) = desk.dead
    assert dead.type.value == "create_payment"
    desk.set({"payment_orders": "always"})
    desk.let_go()
    desk.run(said(EventType.CHANGED, 9, lines=LINES))
    assert desk.types.count("create_payment") == 1
    assert desk.payments() == {}
