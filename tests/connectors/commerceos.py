"""A target of kind commerceos and its commands, for tests."""

from dataclasses import dataclass, field
from typing import Any

from streams.settings.commerceos import CommerceOS, Identifiers
from streams.settings.model import Target
from streams.vocabulary import Command, CommandType
from tests.connectors import make

NAME = "commerceos"
KEY = "duda:shop/1"
IDENTIFIERS = {
    "order": "com.acme.order-id",
    "sku": "com.acme.sku",
    "company": "com.acme.company-id",
    "customer": "com.acme.customer-id",
    "store": "com.acme.store-id",
    "supplier": "com.acme.supplier-id",
    "channel": "com.acme.channel",
    "payment_order": "com.acme.payment-order-id",
    "shipment_order": "com.acme.shipment-order-id",
}
MAPPING: dict[str, Any] = {
    "company": "ACME-RETAIL",
    "sellers": ["STORE-1"],
    "payment_methods": {"Stripe": "com.heads.card", "Gift": "com.heads.store-credit"},
}


def identifiers(**changes: Any) -> Identifiers:
    return Identifiers(**{**IDENTIFIERS, **changes})


def commerceos(mapping: dict[str, Any] | None = None, **given: Any) -> Target:
    """`mapping`: changes of its section `commerceos`."""
    fields = {"identifiers": identifiers(), "commerceos": CommerceOS(**{**MAPPING, **(mapping or {})})}
    return make.target(name=NAME, kind="commerceos", **{**fields, **given})


def order(**changes: Any) -> dict[str, Any]:
    """What `projections.commerceos_documents` makes of an order: two widgets."""
    return {
        "channel": "duda",
        "supplier": {"company": "ACME-RETAIL"},
        "customer": {"customer": "CUST-001"},
        "sellers": [{"store": "STORE-1"}],
        "currency": "SEK",
        "items": [{"sku": "WIDGET-001", "quantity": "2"}],
        **changes,
    }


def address(**changes: Any) -> dict[str, Any]:
    return {"line1": "Storgatan 1", "postal_code": "11122", "city": "Stockholm", "country": "SE", **changes}


def payment(**changes: Any) -> dict[str, Any]:
    return {
        "as": "action",
        "transaction_id": "TX-1",
        "timestamp": "2026-03-01T12:00:00Z",
        "method": "Stripe",
        "currency": "SEK",
        "amount": "497.50",
        **changes,
    }


def payment_order(**changes: Any) -> dict[str, Any]:
    return payment(
        **{"as": "payment_order", "payer": {"customer": "CUST-001"}, "payee": {"store": "STORE-1"}, **changes}
    )


def shipment_order(**changes: Any) -> dict[str, Any]:
    return {
        "as": "shipment_order",
        "shipper": {"company": "ACME-RETAIL"},
        "recipient": {"customer": "CUST-001"},
        "items": [{"sku": "WIDGET-001", "quantity": "2"}],
        **changes,
    }


# Of each type that the target knows, data that becomes a request.
DATA: dict[CommandType, dict[str, Any]] = {
    CommandType.CREATE_ORDER: {"order": order()},
    CommandType.UPDATE_ORDER: {"order": order(), "after_approval": False},
    CommandType.CHANGE_DELIVERY_ADDRESS: {"address": address(), "after_approval": False},
    CommandType.CHANGE_INVOICE_ADDRESS: {"address": address(), "after_approval": False},
    CommandType.CREATE_PAYMENT: {"payment": payment()},
    CommandType.APPROVE_ORDER: {},
    CommandType.CANCEL_ORDER: {},
    CommandType.CREATE_SHIPMENT: {"shipment": {"as": "action"}},
    CommandType.RELEASE_SHIPMENT: {},
}


def command(type: CommandType, data: dict[str, Any] | None = None, key: str = KEY, **given: Any) -> Command:
    fields = {"id": f"c-{type}", "target": NAME, "caused_by": "e-1", "created_at": make.START, **given}
    return Command(type=type, order_key=key, data=DATA.get(type, {}) if data is None else data, **fields)


def given(url: str, **changes: Any) -> dict[str, Any]:
    """For `harness.line`: what is set of the target, with tokens by client credentials from the stand-in at `url`."""
    auth = {
        "scheme": "oauth2",
        "token_url": f"{url}/oauth2/token",
        "client_id": "sandbox-client",
        "client_secret": "env:SANDBOX_TOKEN",
    }
    return {"kind": NAME, "auth": auth, "identifiers": IDENTIFIERS, "commerceos": MAPPING, **changes}


@dataclass
class Orders:
    """Commands for a target that has another name in each test; each has an id of its own."""

    target: str
    made: list[Command] = field(default_factory=list)

    def command(self, key: str, type: CommandType, data: dict[str, Any] | None = None) -> Command:
        """A payment's transaction is the order's own, unless `data` says something else."""
        if data is None:
            data = {"payment": payment(transaction_id=f"TX-{key}")} if type is CommandType.CREATE_PAYMENT else None
        id = f"{self.target}-{len(self.made)}"
        self.made.append(command(type, data, key, id=id, target=self.target, created_at=make.now()))
        return self.made[-1]

    def commands(self, key: str, *types: CommandType) -> list[Command]:
        return [self.command(key, type) for type in types]


FULFILLED = (
    CommandType.CREATE_ORDER,
    CommandType.CHANGE_DELIVERY_ADDRESS,
    CommandType.CHANGE_INVOICE_ADDRESS,
    CommandType.CREATE_PAYMENT,
    CommandType.APPROVE_ORDER,
    CommandType.CREATE_SHIPMENT,
    CommandType.RELEASE_SHIPMENT,
)
CANCELLED = (CommandType.CREATE_ORDER, CommandType.APPROVE_ORDER, CommandType.CANCEL_ORDER)
