"""The paths, and what each does: a request's method, path and body in, status and JSON out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.commerceos import actions, payments, read, saved, shipments, views
from connectors.sandbox.commerceos.call import Call
from connectors.sandbox.commerceos.create import draft
from connectors.sandbox.commerceos.journal import DONE, DOUBLED, REPEAT
from connectors.sandbox.commerceos.path import Step, parse
from connectors.sandbox.commerceos.query import Asked, Resource, answer, narrowed, project
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid
from connectors.sandbox.commerceos.shelf import Shelf
from connectors.sandbox.commerceos.store import Store

ORDERS, SHIPMENTS = "trade-orders", "shipment-orders"
PAYMENT_ORDERS, METHODS = "payment-orders", "payment-methods"
COLLECTIONS = (ORDERS, SHIPMENTS, PAYMENT_ORDERS, METHODS, saved.MAPPED_TYPES, saved.SYNC_WEBHOOKS)
# What one of these scopes opens; the verb is the method's (seed 002 names orders and payments, its webhooks shipments).
SCOPES: Mapping[str, tuple[str, ...]] = {
    ORDERS: ("orders",),
    SHIPMENTS: ("shipments", "orders"),
    PAYMENT_ORDERS: ("payments",),
    METHODS: ("payments",),
    saved.MAPPED_TYPES: ("webhooks", "orders"),
    saved.SYNC_WEBHOOKS: ("webhooks", "orders"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    value: Any
    outcome: str = DONE


class Routes:
    def __init__(self, store: Store) -> None:
        self.store, self.saved = store, saved.shelves()

    def reply(self, call: Call) -> Reply:
        """Raises `Refused`."""
        steps = parse(call.path)[1:]
        if not call.is_change:
            return Reply(200, self.get(steps))
        if any(step.operators for step in steps):
            raise invalid("InvalidPath", "operators are for reading")
        names = [step.name for step in steps]
        match call.method, names:
            case "PUT", [("trade-orders" | "mapped-types" | "sync-webhooks") as kind, reference]:
                return self._put(kind, reference, call.body)
            case "PATCH", [("trade-orders" | "shipment-orders") as kind, reference, "actions"]:
                return self._act(kind, reference, call.body)
            case "POST", [("payment-orders" | "shipment-orders") as kind]:
                return self._post(kind, call.body)
        raise Refused(Why.INVALID, "MethodNotAllowed", "there is no such method here", status=405)

    def get(self, steps: Sequence[Step]) -> Any:
        """JSON for a path from its collection on. Raises `Refused`."""
        value, last = self.find(steps)
        return answer(value, last.operators)

    def find(self, steps: Sequence[Step]) -> tuple[Any, Step]:
        """What a path leads to, before the operators of its last step, and that step. Raises `Refused`."""
        if not steps or steps[0].name not in COLLECTIONS:
            raise Refused(Why.UNKNOWN, "NotFound", "there is no such path")
        kind, rest = steps[0], steps[1:]
        if not rest:
            return self._all(kind.name), kind
        if rest[0].name == "count":
            return len(narrowed(self._all(kind.name), kind.operators)), rest[0]
        value: Any = self._one(kind.name, rest[0].name)
        for step in rest[1:]:
            if step.name == "count" and isinstance(value, list):
                value = len(value)
            elif isinstance(value, Resource) and step.name in value.fields:
                value = value.get(step.name)
            else:
                raise Refused(Why.UNKNOWN, "NotFound", f"there is no {step.name}")
        return value, rest[-1]

    def _all(self, kind: str) -> list[Any]:
        store = self.store
        if kind == METHODS:
            return [views.method_view(id, name) for id, name in store.methods.items()]
        if kind == ORDERS:
            return [views.order_view(order) for order in store.orders]
        if kind == SHIPMENTS:
            return [views.shipment_view(shipment) for shipment in store.shipments]
        if kind == PAYMENT_ORDERS:
            return [views.payment_order_view(payment) for payment in store.payment_orders]
        return [saved.saved_view(each) for each in self.saved[kind]]

    def _one(self, kind: str, reference: str) -> Resource:
        store = self.store
        if kind == ORDERS:
            return views.order_view(store.orders.get(reference))
        if kind == SHIPMENTS:
            return views.shipment_view(store.shipments.get(reference))
        if kind == PAYMENT_ORDERS:
            return views.payment_order_view(store.payment_orders.get(reference))
        if kind in self.saved:
            return saved.saved_view(self.saved[kind].get(reference))
        raise Refused(Why.UNKNOWN, "NotFound", "there is no such path")

    def _put(self, kind: str, reference: str, body: bytes) -> Reply:
        namespace, sign, id = reference.partition("=")
        if not sign or not id or "." not in namespace:
            raise invalid("InvalidIdentifier", "the path names no namespace=id")
        if kind != ORDERS:
            made, is_new = saved.put(self.saved, kind, namespace, id, body)
            return Reply(201 if is_new else 200, project(saved.saved_view(made), Asked()))
        store = self.store
        order, became = store.put_order(namespace, id, draft(read.document(body), namespace, id, store.products))
        outcome = REPEAT if became == "unchanged" else DONE
        return Reply(201 if became == "created" else 200, _shown(views.order_view(order)), outcome)

    def _act(self, kind: str, reference: str, body: bytes) -> Reply:
        found = read.document(body)
        shelf: Shelf[Any] = self.store.orders if kind == ORDERS else self.store.shipments
        thing = shelf.find(reference)
        if thing is None:
            raise Refused(Why.ORDER, "NotFound", f"there is no {reference}", status=404)
        act, view = (actions.act, views.order_view) if kind == ORDERS else (shipments.act, views.shipment_view)
        is_changed = act(self.store, thing, found)
        return Reply(200, _shown(view(thing)), DONE if is_changed else REPEAT)

    def _post(self, kind: str, body: bytes) -> Reply:
        found = read.document(body)
        if kind == PAYMENT_ORDERS:
            payment, is_first = payments.post_payment_order(self.store, found)
            return Reply(201, project(views.payment_order_view(payment), Asked()), DONE if is_first else DOUBLED)
        shipment, is_first = shipments.post_shipment_order(self.store, found)
        return Reply(201, _shown(views.shipment_view(shipment)), DONE if is_first else DOUBLED)


def _shown(view: Resource) -> Any:
    return project(view, Asked(extra={"status": Asked()}))
