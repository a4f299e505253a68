"""Selldone: whole life cycles in the shape of the examples of seed 004, and what such webhooks say. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from streams.demo.catalogue import CURRENCIES, Basket, Buyer, Item, new_basket, new_buyer, units
from streams.demo.platforms.json import NOT_JSON, loads, microseconds
from streams.demo.told import WALK, Arrived, Body, Reading, Told
from streams.demo.webhook import SELLDONE, Life, Request, Signed, Step

PLATFORM = "selldone"
TOKEN_HEADER = "X-Selldone-Token"  # noqa: S105 - a header's name
SHOPS = ((7, "blåbär"), (8, "old-mill"))
STEP_S = (1, 90)
# Ids above 2^53 are what a reader that goes through floats gets wrong.
LARGE_ID = 2**53 + 1
CHECKOUT, PAYMENT, CANCEL = "CheckoutOrder", "PaymentOrder", "CancelProduct"
RUBBISH = (
    *NOT_JSON,
    Request(b'{"event":"OnlineOrder","action":"CheckoutOrder","shop":{"id":7},"basket":"Order object"}'),
)
MONEY = {"Payed": "paid", "COD": "on_delivery"}
ACTIONS = {
    "OrderConfirm": "confirmed",
    "PreparingOrder": "processing",
    "SentOrder": "shipped",
    "ToCustomer": "delivered",
    "ReturnOrder": "returned",
}
# "En route to the customer", says the page of the state, though the action of that name says that it is there.
STATES = {"OrderConfirm": "confirmed", "PreparingOrder": "processing", "SentOrder": "shipped", "ToCustomer": "shipped"}
DELIVERY = ("OrderConfirm", "PreparingOrder", "SentOrder", "ToCustomer")


@dataclass(frozen=True, slots=True)
class Moment:
    """One webhook: `state` is what the basket's `delivery_state` says by then, None where the page leaves it out."""

    action: str
    status: str
    state: str | None
    basket: Basket


def life(rng: Random, number: int, at: datetime) -> Life:
    """Checkout, payment, delivery; some are cancelled or come back."""
    order_id = (LARGE_ID if rng.random() < 0.2 else 10_000) + number
    at = at.replace(microsecond=0)
    order = _Order(order_id, *rng.choice(SHOPS), rng.choice(CURRENCIES), new_buyer(rng, number), at)
    told = []
    for step in _steps(rng):
        told.append(Step(Request(order.body(step, at))))
        at += timedelta(seconds=rng.randrange(*STEP_S))
    return Life(f"{SELLDONE}:{order.shop}/{order_id}", told)


def sample(rng: Random, number: int, at: datetime) -> Request:
    return life(rng, number, at).steps[0].request


def sign(request: Request, secret: bytes, now_ms: int) -> Signed:
    """PLATFORMS, Selldone: it does not sign, so a token in a header is what there is."""
    return Signed({TOKEN_HEADER: secret.decode()})


def settings(secret: str) -> Mapping[str, Any]:
    return {"platform": PLATFORM, "auth": {"scheme": "token", "header": TOKEN_HEADER, "secrets": [secret]}}


def read(arrived: Arrived) -> Reading:
    """Every webhook has the whole basket."""
    document = loads(arrived.body)
    basket, action = document["basket"], document["action"]
    people = [person for person in (document["customer"], document["user"]) if person]
    # A line of a Selldone basket has no quantity: each is one piece.
    items = sorted((Decimal(1), Decimal(item["price"])) for item in basket["items"])
    email = people[0]["email"] if people else None
    told = Told(
        order_key=f"{SELLDONE}:{document['shop']['id']}/{basket['id']}",
        at=(microseconds(basket["updated_at"]), 0),
        is_placing=action == CHECKOUT,
        status=_status(action, basket),
        money=MONEY.get(basket["status"], "unpaid"),
        body=Body(Decimal(basket["price"]), basket["currency"], tuple(items), email),
    )
    return Reading((told,))


def _status(action: str, basket: Mapping[str, Any]) -> str:
    """The word that goes furthest: the action has happened, the state may be further; called off outweighs both."""
    if basket["status"] == "Canceled":
        return "cancelled"
    said = (ACTIONS.get(action, "pending"), STATES.get(basket.get("delivery_state", ""), "pending"))
    return max(said, key=WALK.index)


def _steps(rng: Random) -> list[Moment]:
    """checkout (sometimes twice, with another basket), payment, then the delivery; some are cancelled or come back."""
    basket = new_basket(rng, quantity_max=1)
    cod = rng.random() < 0.15
    status = "COD" if cod else "Reserved"
    steps = [Moment(CHECKOUT, status, "CheckQueue", basket)]
    if rng.random() < 0.2:
        basket = new_basket(rng, quantity_max=1)
        steps.append(Moment(CHECKOUT, status, "CheckQueue", basket))
    if not cod:
        status = "Payed"
        steps.append(Moment(PAYMENT, status, None, basket))
    reached = rng.choice((0, 1, 2, 3, 4, 4))
    steps += [Moment(action, status, action, basket) for action in DELIVERY[:reached]]
    fate = rng.random()
    if reached < 2 and fate < 0.25:
        steps.append(Moment(CANCEL, "Canceled", None, basket))
    elif reached == 3 and fate < 0.2:
        steps.append(Moment("DeliveryCanceled", status, "PreparingOrder", basket))
    elif reached == 4 and fate < 0.1:
        steps.append(Moment("ReturnOrder", status, "ToCustomer", basket))
    return steps


@dataclass(frozen=True, slots=True)
class _Order:
    id: int
    shop: int
    shop_name: str
    currency: str
    buyer: Buyer
    placed_at: datetime

    def body(self, step: Moment, at: datetime) -> bytes:
        person = {
            "id": self.buyer.number,
            "name": self.buyer.name,
            "email": "buyer*****@example.com",
            "phone": "*****000",
        }
        return json.dumps(
            {
                "event": "OnlineOrder",
                "action": step.action,
                "shop": {
                    "id": self.shop,
                    "name": self.shop_name,
                    "title": self.shop_name,
                    "domain": "http://shop.example",
                },
                "basket": self._basket(step, at),
                "user": person if self.buyer.number % 3 else None,
                "customer": person if self.buyer.number % 3 != 1 else None,
            },
            ensure_ascii=self.buyer.number % 2 == 0,
        ).encode()

    def _basket(self, step: Moment, at: datetime) -> dict[str, Any]:
        basket: dict[str, Any] = {
            "id": self.id,
            "label": f"DEMO-{self.id}",
            "shop_id": self.shop,
            "user_id": self.buyer.number,
            "customer_id": self.buyer.number,
            "status": step.status,
            "price": units(step.basket.total_cents),
            "currency": self.currency,
            "created_at": _time(self.placed_at),
            "updated_at": _time(at),
            "items": [self._item(item) for item in step.basket.items],
        }
        if step.action == CHECKOUT:
            basket["delivery_price"] = units(step.basket.shipping_cents)
            basket["discount"] = units(step.basket.discount_cents)
            basket["tax"] = units(step.basket.tax_cents)
        if step.action == PAYMENT:
            basket["payment_type"], basket["payment_id"] = "stripe", self.buyer.number
        if step.state is not None:
            basket["delivery_state"] = step.state
        return basket

    def _item(self, item: Item) -> dict[str, Any]:
        return {
            "id": item.id,
            "basket_id": self.id,
            "product_id": item.product,
            "price": units(item.price_cents),
            "currency": self.currency,
            "tax": {"amount": units(item.price_cents * 15 // 100)},
        }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
