"""What can be set and seen from outside, on this machine only: `/_sandbox/commerceos/…`.

PUT  products                 a list of {identifiers, price, stock, …}: what there is to order
PUT  rules                    the rate and what else `rules` has; the measurement of the rate begins anew
POST tokens/expire            every token that was fetched ends
POST ship                     {order, items?: [{index, quantity}]}: the warehouse makes a shipment, of a part too
POST move                     {shipment, to, items?, trackingUrl?}: the warehouse or the carrier moves it on
POST push                     a run of a sync webhook
GET  effects | orders | shipments | payment-orders | products     NDJSON
GET  requests | stats, PUT faults                                 as of every stand-in
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from connectors.sandbox import answers
from connectors.sandbox.commerceos import read, shipments, views
from connectors.sandbox.commerceos.model import STAGES, Item, Order, Stage, Status
from connectors.sandbox.commerceos.push import Push, push
from connectors.sandbox.commerceos.query import Asked, project
from connectors.sandbox.commerceos.read import Document
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid
from connectors.sandbox.commerceos.rules import Rules

if TYPE_CHECKING:
    from connectors.sandbox.commerceos.api import CommerceOSApi

ADMIN = "/_sandbox/commerceos"
ALL = Asked(everything=True)
STATUS = Asked(extra={"status": Asked()})
ORDER = Asked(everything=True, extra={"items": ALL, "shipments": STATUS})
SHIPMENT = Asked(everything=True)


class Admin:
    def __init__(self, api: "CommerceOSApi") -> None:
        self._api = api

    def add_to(self, app: web.Application) -> None:
        changes = {"products": self.put_products, "rules": self.put_rules}
        actions = {
            "tokens/expire": self.post_expire,
            "ship": self.post_ship,
            "move": self.post_move,
            "push": self.post_push,
        }
        for name, handler in changes.items():
            app.router.add_put(f"{ADMIN}/{name}", answers.loopback(_told(handler)))
        for name, handler in actions.items():
            app.router.add_post(f"{ADMIN}/{name}", answers.loopback(_told(handler)))
        for name in ("effects", "orders", "shipments", "payment-orders", "products"):
            app.router.add_get(f"{ADMIN}/{name}", answers.loopback(_told(self.get_lines)))

    async def put_products(self, request: web.Request) -> web.StreamResponse:
        found = read.document(b'{"products":' + await request.read() + b"}")["products"]
        products = self._api.store.products
        for each in read.non_empty(found, "products"):
            products.put(each)
        return answers.json(200, {"products": len(list(products))})

    async def put_rules(self, request: web.Request) -> web.StreamResponse:
        """Takes the place of all rules; one that is not named is as it is by default."""
        self._api.store.rules = Rules.model_validate_json(await request.read())
        self._api.renew_window()
        return answers.json(200, self._api.store.rules.model_dump())

    async def post_expire(self, request: web.Request) -> web.StreamResponse:
        self._api.tokens.expire()
        return answers.json(200, {})

    async def post_ship(self, request: web.Request) -> web.StreamResponse:
        found = read.document(await request.read())
        store = self._api.store
        order = store.orders.get(str(found.get("order")))
        if not order.is_all(Status.COMMITTED, Status.FULFILLED):
            raise Refused(Why.ORDER, "OrderNotShippable", f"the order is {', '.join(order.statuses)}")
        units = _units(order, _wanted(found))
        if not units:
            raise Refused(Why.REPEAT, "NothingToShip", "every item is in a shipment already")
        shipment = shipments.of_order(store, order, units)
        return answers.json(201, {"shipment": shipment.key})

    async def post_move(self, request: web.Request) -> web.StreamResponse:
        found = read.document(await request.read())
        store = self._api.store
        shipment = store.shipments.get(str(found.get("shipment")))
        if found.get("to") not in STAGES[1:]:
            raise invalid("InvalidField", "there is no such stage", "to")
        shipments.move(store, shipment, Stage(found["to"]), _wanted(found))
        if isinstance(url := found.get("trackingUrl"), str):
            shipment.tracking_url = url
        return answers.json(200, {"shipment": shipment.key, "status": shipment.status})

    async def post_push(self, request: web.Request) -> web.StreamResponse:
        pushed = await push(self._api.routes, Push.model_validate_json(await request.read()))
        return answers.json(200, {"items": pushed.items, "answers": pushed.answers})

    async def get_lines(self, request: web.Request) -> web.StreamResponse:
        store = self._api.store
        store.lapse()
        match request.path.rpartition("/")[2]:
            case "effects":
                return await answers.ndjson(request, list(self._api.journal.entries))
            case "orders":
                found: list[Any] = [project(views.order_view(order), ORDER) for order in store.orders]
            case "shipments":
                found = [project(views.shipment_view(shipment), SHIPMENT) for shipment in store.shipments]
            case "payment-orders":
                found = [project(views.payment_order_view(payment), ALL) for payment in store.payment_orders]
            case _:
                found = [views.product(product) for product in store.products]
        return await answers.ndjson(request, list(map(orjson.dumps, found)))


def _told(handler: answers.Handler) -> answers.Handler:
    """What cannot be done is said, as the API itself says it."""

    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            with read.exact():
                return await handler(request)
        except Refused as error:
            return answers.json(422 if error.why is Why.INVALID else error.status, error.document())
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            return answers.json(422, {"reason": "invalid", "fields": problems})

    return handled


def _wanted(found: Document) -> Sequence[tuple[int, Decimal]] | None:
    """`items`: so many of each; None: all."""
    if found.get("items") is None:
        return None
    wanted: list[tuple[int, Decimal]] = []
    for at, each in enumerate(read.non_empty(found["items"], "items")):
        index = each.get("index") if isinstance(each, dict) else None
        if type(index) is not int or index in (known for known, _ in wanted):
            raise invalid("InvalidField", "has no index, or that of another", f"items.{at}")
        wanted.append((index, read.decimal(each.get("quantity"), f"items.{at}.quantity")))
    return wanted


def _units(order: Order, wanted: Sequence[tuple[int, Decimal]] | None) -> list[tuple[Item, Decimal]]:
    """So many units of each item that are in no shipment yet. Raises `Refused`."""
    if wanted is None:
        return [(item, left) for item in order.items if (left := order.unshipped(item))]
    for index, quantity in wanted:
        if not 0 <= index < len(order.items) or not 0 < quantity <= order.unshipped(order.items[index]):
            raise invalid("InvalidField", f"item {index} has not so many units left", "items")
    return [(order.items[index], quantity) for index, quantity in wanted]
