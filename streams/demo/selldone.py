"""Generated Selldone orders: whole life cycles in the shape of the examples of seed 004. Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from streams.demo.catalogue import CURRENCIES, Basket, Buyer, Item, new_basket, new_buyer, units

SHOPS = ((7, "blåbär"), (8, "old-mill"))
STEP_S = (1, 90)
# Ids above 2^53 are what a reader that goes through floats gets wrong.
LARGE_ID = 2**53 + 1
CHECKOUT, PAYMENT, CANCEL = "CheckoutOrder", "PaymentOrder", "CancelProduct"
DELIVERY = ("OrderConfirm", "PreparingOrder", "SentOrder", "ToCustomer")


@dataclass(frozen=True, slots=True)
class Step:
    """One webhook: `state` is what the basket's `delivery_state` says by then, None where the page leaves it out."""

    action: str
    status: str
    state: str | None
    basket: Basket


def life(rng: Random, number: int, now: datetime) -> list[bytes]:
    """The bodies of one order's webhooks, in the order in which the shop sends them."""
    order_id = (LARGE_ID if rng.random() < 0.2 else 10_000) + number
    at = now.replace(microsecond=0) - timedelta(hours=1) + timedelta(seconds=rng.randrange(60))
    order = _Order(order_id, *rng.choice(SHOPS), rng.choice(CURRENCIES), new_buyer(rng, number), at)
    bodies = []
    for step in _steps(rng):
        bodies.append(order.body(step, at))
        at += timedelta(seconds=rng.randrange(*STEP_S))
    return bodies


def _steps(rng: Random) -> list[Step]:
    """checkout (sometimes twice, with another basket), payment, then the delivery; some are cancelled or come back."""
    basket = new_basket(rng, quantity_max=1)
    cod = rng.random() < 0.15
    status = "COD" if cod else "Reserved"
    steps = [Step(CHECKOUT, status, "CheckQueue", basket)]
    if rng.random() < 0.2:
        basket = new_basket(rng, quantity_max=1)
        steps.append(Step(CHECKOUT, status, "CheckQueue", basket))
    if not cod:
        status = "Payed"
        steps.append(Step(PAYMENT, status, None, basket))
    reached = rng.choice((0, 1, 2, 3, 4, 4))
    steps += [Step(action, status, action, basket) for action in DELIVERY[:reached]]
    fate = rng.random()
    if reached < 2 and fate < 0.25:
        steps.append(Step(CANCEL, "Canceled", None, basket))
    elif reached == 3 and fate < 0.2:
        steps.append(Step("DeliveryCanceled", status, "PreparingOrder", basket))
    elif reached == 4 and fate < 0.1:
        steps.append(Step("ReturnOrder", status, "ToCustomer", basket))
    return steps


@dataclass(frozen=True, slots=True)
class _Order:
    id: int
    shop: int
    shop_name: str
    currency: str
    buyer: Buyer
    placed_at: datetime

    def body(self, step: Step, at: datetime) -> bytes:
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

    def _basket(self, step: Step, at: datetime) -> dict[str, Any]:
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
