"""What CommerceOS is to have of an order: `World.record`, written short."""

from collections.abc import Mapping
from typing import Any

from tests.pipeline.flows import setting
from tests.pipeline.flows.store import HOME_THERE
from tests.pipeline.flows.world import named

Item = tuple[str, dict[str, str], list[dict[str, str]]]
CARD = "com.heads.card"


def item(sku: str, *instances: dict[str, str], **units: str) -> Item:
    return sku, units or {"Committed": "1"}, list(instances)


def paid(id: str, amount: str = "497.50", currency: str = "SEK", method: str = CARD) -> tuple[str, str, str, str]:
    return id, amount, currency, method


def record(key: str, *items: Item, **changes: Any) -> dict[str, Any]:
    """What CommerceOS is to have of an order of the store, but for `changes`."""
    source, _, id = key.partition(":")
    return {
        "identifiers": {setting.IDENTIFIERS["order"]: key, setting.IDENTIFIERS["channel"]: source},
        "supplier": named("company", "ACME-RETAIL"),
        "customer": named("customer", f"CUST-{id}"),
        "sellers": [named("store", "WAREHOUSE-MAIN")],
        "currency": {"identifiers": {"currencyCode": "SEK"}},
        "status": ["Committed"],
        "deliveryAddresses": [HOME_THERE],
        "invoiceAddresses": [],
        "items": list(items),
        "payments": [paid(f"TX-{id}")],
        "shipments": [],
        **changes,
    }


def in_(currency: str) -> Mapping[str, Any]:
    return {"identifiers": {"currencyCode": currency}}
