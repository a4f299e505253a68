"""One invariant: whatever orders' webhooks come, in whatever order and however often, the stock ends right.

The model here is a second implementation, of the documents alone: what live orders say last of each product.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import inventory
from projections.agents import fold_step
from projections.stock import UNTRACKED
from streams import topics
from streams.record import Record
from streams.runtime.agent import Quarantine
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Movement, Order, OrderEvent, Product, Stock
from tests.projections.events import duda_event, from_webhook, selldone_event
from tests.streams.platforms.samples import event as sample
from tests.streams.platforms.samples import payload

AUTH = {"scheme": "token", "secrets": ["env:T"]}
SETTINGS = Settings.model_validate(
    {"sources": [{"name": name, "platform": name, "auth": AUTH} for name in ("duda", "selldone")]}
)
SEED = ("order-created", "order-status-updated", "order-deleted")
SEED_KEY = "duda:66f8c067f6ab411c9eaaac106a6948b5/string/string"


class Shop:
    """Both agents as pure steps, and every record that they wrote."""

    def __init__(self, made: Settings = SETTINGS) -> None:
        self._fold = fold_step(made)
        self._orders, self._products = Overlay(MemoryStore()), Overlay(MemoryStore())
        self.movements: list[Record] = []

    def take(self, *events: OrderEvent) -> "Shop":
        for event in events:
            record = Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json())
            for output in self._fold(record, self._orders):
                if output.topic == topics.MOVEMENTS:
                    moved = Record(output.topic, 0, len(self.movements), 0, output.key, output.value, output.headers)
                    self.movements.append(moved)
                    self.count(moved)
        return self

    def count(self, *moved: Record) -> None:
        for record in moved:
            assert [] == list(inventory.step(record, self._products))

    def orders(self) -> dict[str, Order]:
        return {(key or b"").decode(): Order.from_json(value) for key, value in self._orders.changes.items() if value}

    def stock(self) -> dict[str, Stock]:
        return {(key or b"").decode(): Stock.from_json(value) for key, value in self._products.changes.items() if value}

    def levels(self) -> dict[str, Decimal]:
        """Of the products of which something is gone."""
        return {key: stock.level for key, stock in self.stock().items() if stock.level}

    def moved(self) -> list[Movement]:
        return [Movement.from_json(record.value or b"") for record in self.movements]


def seed(names: Iterable[str] = SEED) -> list[OrderEvent]:
    return [sample("duda", payload("duda", name), SEED.index(name)) for name in names]


def test_seed_takes_one_then_three_then_gives_all_back() -> None:
    """The page's own story of the grey ceramic plate."""
    shop = Shop()
    levels = []
    for event in seed():
        levels.append(shop.take(event).stock()[SEED_KEY].level)
    assert levels == [Decimal(-1), Decimal(-3), Decimal(0)]
    assert [f"{one.delta} {one.held}" for one in shop.moved()] == ["-1 1", "-2 3", "3 0"]


@pytest.mark.parametrize("names", [*permutations(SEED), (*SEED, *SEED), (*SEED[::-1], *SEED)], ids=str)
def test_seed_in_every_order_of_arrival_ends_at_nothing_taken(names: Sequence[str]) -> None:
    """All three carry the same time: an update after the delete, taken as news, would keep three plates for ever."""
    assert Shop().take(*seed(names)).levels() == {}


@pytest.mark.parametrize("names", [SEED[:2], SEED[1::-1]], ids=str)
def test_update_before_its_create_still_ends_at_three(names: Sequence[str]) -> None:
    """The difference to a create that is not there yet is all of it, and the late create takes nothing more."""
    assert Shop().take(*seed(names)).stock()[SEED_KEY].level == -3


def test_movement_says_which_order_took_what_and_why() -> None:
    """An auditor goes from a product to its orders and to the webhook, and a stock API needs an idempotency key."""
    (event,) = seed(SEED[:1])
    shop = Shop().take(event)
    (moved,), (record,) = shop.moved(), shop.movements
    product = Product(
        product_id="string",
        variation_id="string",
        external_product_id="string",
        external_variation_id="string",
        name="Grey Ceramic plate",
    )
    assert (moved.product_key, moved.product) == (SEED_KEY, product)
    assert (moved.order_key, moved.source, moved.caused_by) == (event.order_key, "duda", event.id)
    assert (moved.at, moved.receipt) == (event.received_at, event.receipt)
    headers = dict(record.headers)
    assert (record.key, headers["ce_id"], headers["ce_type"]) == (SEED_KEY.encode(), moved.id.encode(), b"stock.moved")


def test_product_that_an_update_exchanges_is_given_back_with_its_name() -> None:
    """Only the product that is still on the order would move; the other would be gone for ever."""
    plate, bowl = ({"product_id": id, "name": id.title(), "quantity": 2} for id in ("plate", "bowl"))
    events = (
        duda_event("ECOMM_ORDER_CREATED", {"items": [plate]}),
        duda_event("ECOMM_ORDER_UPDATED", {"items": [bowl]}),
    )
    shop = Shop().take(*events)
    assert shop.levels() == {"duda:site/bowl": Decimal(-2)}
    assert [f"{one.product.name} {one.delta}" for one in shop.moved()] == ["Plate -2", "Bowl -2", "Plate 2"]


def test_same_product_on_two_lines_is_one_movement() -> None:
    """Moved line by line under one id, the second line would look like a repeat of the first."""
    items = [{"id": n, "product_id": "p", "variation_id": "v", "quantity": q} for n, q in ((1, "0.25"), (2, "1.5"))]
    shop = Shop().take(duda_event("ECOMM_ORDER_CREATED", {"items": items}))
    assert [(one.product_key, one.delta) for one in shop.moved()] == [("duda:site/p/v", Decimal("-1.75"))]


@pytest.mark.parametrize("items", [None, "absent"])
def test_update_that_says_nothing_of_its_lines_moves_nothing(items: object) -> None:
    """Null or missing is not "no items": the plates are still on the order."""
    data = {} if items == "absent" else {"items": items}
    created = duda_event("ECOMM_ORDER_CREATED", {"items": [{"product_id": "p", "quantity": 2}]})
    shop = Shop().take(created, duda_event("ECOMM_ORDER_UPDATED", data))
    assert shop.levels() == {"duda:site/p": Decimal(-2)}


def test_empty_list_of_items_gives_all_back() -> None:
    """An order of nothing holds nothing."""
    created = duda_event("ECOMM_ORDER_CREATED", {"items": [{"product_id": "p", "quantity": 2}]})
    assert Shop().take(created, duda_event("ECOMM_ORDER_UPDATED", {"items": []})).levels() == {}


def test_order_cancelled_by_its_status_gives_back_too() -> None:
    """A shop owner sets the status; the order need not be deleted for that."""
    created = duda_event("ECOMM_ORDER_CREATED", {"items": [{"product_id": "p", "quantity": 2}]})
    assert Shop().take(created, duda_event("ECOMM_ORDER_STATUS_UPDATED", {"status": "CANCELLED"})).levels() == {}


@pytest.mark.parametrize("item", [{"name": "Gift"}, {"product_id": " "}, {"product_id": "p", "quantity": -1}])
def test_line_that_cannot_be_counted_moves_nothing_and_is_flagged(item: Mapping[str, Any]) -> None:
    """A guess at its product would take from another's stock; the rest of the order moves all the same."""
    rest = {"product_id": "q", "quantity": 1}
    created = duda_event("ECOMM_ORDER_CREATED", {"items": [{"quantity": 1, **item}, rest]})
    mended = duda_event("ECOMM_ORDER_UPDATED", {"items": [rest]})
    shop = Shop().take(created)
    assert (shop.levels(), shop.orders()[created.order_key].flags) == ({"duda:site/q": Decimal(-1)}, (UNTRACKED,))
    assert shop.take(mended).orders()[created.order_key].flags == ()


@pytest.mark.parametrize("quantity", ["9" * 60, "0." + "0" * 59 + "1", "1" + "0" * 15])
def test_quantity_of_any_size_stops_nothing(quantity: str) -> None:
    """Two quantities of 60 digits have a sum of 61, which no record holds: the fold would stop there for ever."""
    items = [{"id": n, "product_id": "p", "quantity": quantity} for n in range(3)]
    created = duda_event("ECOMM_ORDER_CREATED", {"items": items})
    shop = Shop().take(created)
    assert (shop.levels(), shop.orders()[created.order_key].flags) == ({}, (UNTRACKED,))


def test_largest_countable_quantities_are_counted_exactly() -> None:
    """The bound must leave room for the sums."""
    quantity = "999999999999999.999999999999999"
    items = [{"id": n, "product_id": "p", "quantity": quantity} for n in range(1000)]
    shop = Shop().take(duda_event("ECOMM_ORDER_CREATED", {"items": items}))
    assert shop.levels() == {"duda:site/p": Decimal("-999999999999999999.999999999999000")}


def test_keys_of_different_products_differ() -> None:
    """`a/b` and variation b of a, product 5 of the platform and product 5 of the shop: all different things."""
    items: list[dict[str, Any]] = [
        {"product_id": "a/b"},
        {"product_id": "a", "variation_id": "b"},
        {"product_id": "a%2Fb"},
        {"external_product_id": "5"},
        {"product_id": "external:5"},
        {"sku": "5"},
        {"product_id": "5"},
        {"product_id": "a", "external_variation_id": "b"},
        {"product_id": "x" * 5000},
        {"product_id": "x" * 5001},
    ]
    shop = Shop().take(duda_event("ECOMM_ORDER_CREATED", {"items": [{"quantity": 1, **item} for item in items]}))
    assert len(shop.levels()) == len(items)
    assert max(map(len, shop.levels())) < 250


def test_only_sources_that_track_move_the_stock() -> None:
    """Selldone's page says nothing of stock; a setting turns it on, and another turns Duda's off."""
    order = selldone_event("CheckoutOrder", {"items": [{"id": 1, "product_id": "p", "price": 1}]})
    assert Shop().take(order).moved() == []
    turned = {"selldone": True, "duda": False}
    made = Settings.model_validate(
        {"sources": [{"name": name, "platform": name, "auth": AUTH, "tracks_stock": on} for name, on in turned.items()]}
    )
    shop = Shop(made).take(order, *seed())
    assert shop.levels() == {"selldone:1/p": Decimal(-1)}


def test_movement_of_an_order_after_its_products_name_was_lost_keeps_the_known_product() -> None:
    """The table names the product for people; a movement that cannot must not blank it."""
    shop = Shop().take(*seed())
    nameless = shop.moved()[2].model_copy(update={"product": Product()})
    record = shop.movements[2]
    shop.count(Record(record.topic, 0, 99, 0, record.key, nameless.to_json(), record.headers))
    assert shop.stock()[SEED_KEY].product.name == "Grey Ceramic plate"


def test_movements_read_again_from_the_start_change_nothing() -> None:
    """A group's offset may be reset by hand, or lost; the table says how far it has counted."""
    shop = Shop().take(*seed(SEED[:2]))
    before = shop.stock()
    shop.count(*shop.movements, *shop.movements)
    assert (shop.stock(), before[SEED_KEY].movements) == (before, 2)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [(b"k", b"{", "not-a-movement"), (b"k", None, "not-a-movement"), (b"other", b"", "misplaced")],
)
def test_what_is_no_movement_of_its_key_is_quarantined(key: bytes, value: bytes | None, reason: str) -> None:
    """Counted under a wrong key, a product would live on two partitions at once."""
    value = Shop().take(*seed(SEED[:1])).movements[0].value if reason == "misplaced" else value
    with pytest.raises(Quarantine) as refusal:
        list(inventory.step(Record(topics.MOVEMENTS, 0, 0, 0, key, value), Overlay(MemoryStore())))
    assert refusal.value.reason == reason


# The property, over several orders and products. Few values, so that they meet.


@dataclass(frozen=True)
class Sent:
    """One webhook: its document, and where it lay when the platform's webhooks were first stored."""

    document: dict[str, Any]
    offset: int

    def event(self) -> OrderEvent:
        return from_webhook("duda", self.document, self.offset)


RANKS = {"ECOMM_ORDER_CREATED": 0, "ECOMM_ORDER_UPDATED": 1, "ECOMM_ORDER_STATUS_UPDATED": 1, "ECOMM_ORDER_DELETED": 3}
_IDS = st.sampled_from(["p", "q", 7, None])
_ITEM = st.fixed_dictionaries(
    {"quantity": st.sampled_from(["0", "1", "2.5", "3", "1.00"])},
    optional={"product_id": _IDS, "variation_id": st.sampled_from(["v", "w", None]), "name": st.just("x")},
)
_DATA = st.fixed_dictionaries(
    {"id": st.sampled_from(["o-1", "o-2"])},
    optional={"items": st.none() | st.lists(_ITEM, max_size=3), "status": st.sampled_from(["PROCESSED", "CANCELLED"])},
)
_WEBHOOK = st.builds(
    lambda type, data, at_ms: {
        "event_type": type,
        "data": data,
        "event_timestamp": at_ms,
        "resource_data": {"site_name": "s"},
    },
    st.sampled_from([*RANKS, "ECOMM_ORDER_CREATED", "ECOMM_ORDER_UPDATED"]),
    _DATA,
    st.sampled_from([1673547263361] * 3 + [1673547263362]),
)


@st.composite
def webhooks(draw: st.DrawFn) -> list[Sent]:
    """Different webhooks of two orders, in the order of their offsets."""
    documents = draw(st.lists(_WEBHOOK, min_size=1, max_size=8, unique_by=json.dumps))
    return [Sent(document, offset) for offset, document in enumerate(documents)]


def expected(sent: Sequence[Sent]) -> dict[str, Decimal]:
    """What is gone, by the documents: of each order that lives, the lines of the last webhook that has lines."""
    levels: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in ("o-1", "o-2"):
        own = [one for one in sent if one.document["data"]["id"] == order]
        is_gone = any(
            one.document["event_type"] == "ECOMM_ORDER_DELETED" or one.document["data"].get("status") == "CANCELLED"
            for one in own
        )
        told = [one for one in own if one.document["data"].get("items") is not None]
        if not told or is_gone:
            continue
        last = max(
            told, key=lambda one: (one.document["event_timestamp"], RANKS[one.document["event_type"]], one.offset)
        )
        for item in last.document["data"]["items"]:
            if item.get("product_id") is not None:
                ids = [str(item[name]) for name in ("product_id", "variation_id") if item.get(name) is not None]
                levels["/".join(["duda:s", *ids])] -= Decimal(item["quantity"])
    return {key: level for key, level in levels.items() if level}


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_any_history_of_any_orders_ends_in_the_right_stock(data: st.DataObject) -> None:
    """The property."""
    sent = data.draw(webhooks())
    repeats = data.draw(st.lists(st.sampled_from(sent), max_size=4))
    history = data.draw(st.permutations([*sent, *repeats]))
    shop = Shop().take(*(one.event() for one in history))
    assert shop.levels() == expected(sent)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for moved in shop.moved():
        sums[moved.product_key] += moved.delta
    assert sums == {key: stock.level for key, stock in shop.stock().items()}
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in shop.orders().values():
        for key, pieces in order.bookkeeping.taken.items():
            held[key] -= pieces
    assert held == shop.levels()
    assert len({moved.id for moved in shop.moved()}) == len(shop.moved())
    again = Shop().take(*(one.event() for one in history))
    assert [moved.id for moved in again.moved()] == [moved.id for moved in shop.moved()]


@settings(max_examples=60, deadline=None)
@given(sent=webhooks().map(lambda found: found[:4]))
def test_every_permutation_ends_in_the_same_stock_and_the_same_orders(sent: list[Sent]) -> None:
    """With nothing left to chance for small sets; flags of the stock included."""
    ends = []
    for history in permutations(sent):
        shop = Shop().take(*(one.event() for one in history))
        ends.append((shop.levels(), {key: order.flags for key, order in shop.orders().items()}))
    assert [end for end in ends if end != ends[0]] == []
