"""Every source that a flow comes from, CommerceOS and Quickbutik behind them, and all that they are to have."""

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.commerceos.api import CommerceOSApi
from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.tokens import Client
from connectors.sandbox.faults import Faults
from connectors.sandbox.quickbutik import QuickbutikApi
from streams.cli import toml
from tests.connectors.api import TOKEN
from tests.ingest.support import ENVIRON as OF_INGEST
from tests.pipeline.flows import store

CLIENT_SECRET, SHOP_KEY, APICBASE_SECRET = "secret-at-commerceos", "sk_test_abc123", "secret-at-apicbase"
# Static membership: a killed worker has its partitions back at once.
INSTANCES = {"ORDERLOG__STREAMS__INSTANCE": "flows-streams", "ORDERLOG__CONNECTORS__INSTANCE": "flows-connectors"}
ENVIRON = {
    **OF_INGEST,
    **INSTANCES,
    "SANDBOX_TOKEN": TOKEN,
    "COMMERCEOS_SECRET": CLIENT_SECRET,
    "QUICKBUTIK_KEY": SHOP_KEY,
    "APICBASE_SECRET": APICBASE_SECRET,
    "STORE_SECRET": store.SECRET,
}
# Less than the guide's 100 in a second, so that it is reached.
REQUESTS_MAX = 8
# The API counts what arrives: one that is held up on its way comes with those that were sent a second later. The exact
# bound, on what is sent: tests/connectors/test_window.py.
ARRIVALS_MAX = 2 * REQUESTS_MAX
# Some of every kind, on every path of the API: a few attempts each, and the whole is slow.
FAULTS = Faults(
    latency_ms=20,
    error_rate=0.08,
    reset_after_rate=0.1,
    rate_limit_rate=0.03,
    hang_rate=0.03,
    hang_s=3,
    seed=5,
)
DELAYS_S = [0, 0.1, 0.2, 0.5, 1, 2, 5, 10]
IDENTIFIERS = {
    "order": "com.acme.order-id",
    "sku": "com.acme.sku",
    "company": "com.acme.company-id",
    "customer": "com.acme.customer-id",
    "store": "com.acme.store-id",
    "supplier": "com.acme.supplier-id",
    "channel": "com.acme.channel",
}
MAPPING = {
    "company": "ACME-RETAIL",
    "sellers": ["WAREHOUSE-MAIN"],
    "sellers_by_sku": {"BULKY-ITEM": "WAREHOUSE-NORTH", "SMALL-ITEM": "WAREHOUSE-SOUTH"},
    "guest": "GUEST",
    "reads_per_second": 1,
    "sku_from": ["sku", "external_product_id", "product_id"],
    "payment_methods": {"card": "com.heads.card", "voucher": "com.heads.store-credit", "*": "com.heads.card"},
}
# SKU → price, and what makes it special. All that is bought in a flow, never short but for one.
PRODUCTS: Mapping[str, Mapping[str, Any]] = {
    "9361": {"price": "287.00"},
    "string": {"price": "45.00"},
    "WIDGET-001": {"price": "248.75"},
    "IPHONE-16-PRO": {"price": "12990.00", "instanceType": "MobileDevice"},
    "PLAN-UNLIMITED": {"price": "399.00", "instanceType": "MobilePlan"},
    "CASE-IPHONE-16": {"price": "199.00"},
    "BULKY-ITEM": {"price": "500.00"},
    "SMALL-ITEM": {"price": "5.00"},
    "RAW-MATERIAL-001": {"price": "1.25"},
    "DAI-0042": {"price": "11.75"},
    "VEG-1100": {"price": "0.33"},
    "TSHIRT-RED-L": {"price": "299.00"},
    "STICKER": {"price": "1.95"},
    "LAST-ONE": {"price": "10.00", "stock": 1},
}


def settings() -> str:
    """As `tests.pipeline.roles` takes it."""
    routes = [{"from": SHOPS, "to": ["commerceos"]}, {"from": ["quickbutik"], "to": ["quickbutik-api"]}]
    return toml.dumps({"sources": _sources(), "targets": _targets(), "routes": routes})


SHOPS = ["selldone", "duda", "apicbase", "quickbutik", store.NAME]


def _sources() -> list[dict[str, Any]]:
    token = {"scheme": "token", "path": True, "secrets": ["env:TEST_TOKEN"]}
    bearer = {"scheme": "bearer", "secrets": ["env:SANDBOX_TOKEN"]}
    signed = {"scheme": "hmac", "header": "X-Store-Signature", "encoding": "hex", "secrets": ["env:STORE_SECRET"]}
    return [
        {"name": "selldone", "platform": "selldone", "auth": token},
        {"name": "duda", "platform": "duda", "auth": {"scheme": "duda-hmac", "secrets": ["env:TEST_DUDA"]}},
        {
            "name": "apicbase",
            "platform": "apicbase",
            "auth": {"scheme": "apicbase-hmac", "secrets": ["env:APICBASE_SECRET"]},
            "options": {"currency": "EUR"},
        },
        {"name": "quickbutik", "platform": "quickbutik", "auth": token, "fetch_from": "quickbutik-api"},
        {"name": store.NAME, "platform": "mapping", "auth": signed, "options": store.OPTIONS},
        {"name": "external-system", "platform": "external-system", "auth": bearer},
        {
            "name": "commerceos",
            "platform": "commerceos",
            "auth": bearer,
            "options": {"order_identifier": IDENTIFIERS["order"]},
        },
    ]


def _targets() -> list[dict[str, Any]]:
    common = {"base_url": "{sandbox}", "retry_delays_s": DELAYS_S, "timeout_s": 2}
    breaker = {"failures": 100, "open_s": 0.5}
    return [
        {
            "name": "commerceos",
            "kind": "commerceos",
            **common,
            "auth": {
                "scheme": "oauth2",
                "token_url": "{sandbox}/oauth2/token",
                "client_id": Client().client_id,
                "client_secret": "env:COMMERCEOS_SECRET",
            },
            "rate_per_second": REQUESTS_MAX,
            "breaker": breaker,
            "identifiers": IDENTIFIERS,
            "commerceos": MAPPING,
        },
        {
            "name": "quickbutik-api",
            "kind": "quickbutik",
            **common,
            "auth": {"scheme": "basic", "password": "env:QUICKBUTIK_KEY"},
            "rate_per_second": 50,
            "breaker": breaker,
        },
    ]


def commerceos() -> CommerceOSApi:
    """With the products; its tokens live for seconds."""
    api = CommerceOSApi(Client(client_secret=CLIENT_SECRET, token_ttl_s=5), FAULTS)
    api.store.rules = Rules(requests_max=ARRIVALS_MAX)
    for sku, about in PRODUCTS.items():
        api.store.products.put({"identifiers": {IDENTIFIERS["sku"]: sku}, **about})
    return api


def quickbutik() -> QuickbutikApi:
    return QuickbutikApi(SHOP_KEY, FAULTS)
