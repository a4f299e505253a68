"""The stand-in on loopback with some products, and a client that speaks to it as the guide does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import orjson
from yarl import URL

from connectors.sandbox.commerceos.api import CommerceOSApi
from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.tokens import Client
from connectors.sandbox.faults import Faults
from connectors.sandbox.server import application
from streams.platforms.json import decode_value
from tests.connectors.api import lines, serving

TOKEN = "commerceos-token"
SECRET = "commerceos-secret"
ORDER = "/v1/trade-orders/com.acme.order-id=O-1"
ACTIONS = f"{ORDER}/actions"
ADMIN = "/_sandbox/commerceos"
# Every product that the guide orders, with what its amounts say or leave open.
PRICES = {
    **{"WIDGET-001": "248.75", "GADGET-002": "10.00", "CASE-IPHONE-16": "199.00", "BULKY-ITEM": "500.00"},
    **{"SMALL-ITEM": "5.00", "RAW-MATERIAL-001": "1.25", "PREMIUM-WIDGET": "100.00", "ACCESSORY-PACK": "50.00"},
    **{"EXTENDED-WARRANTY": "49.00", "ITEM-001": "299.00", "IPHONE-16-PRO": "12990.00", "PLAN-UNLIMITED": "399.00"},
}
KINDS = {"IPHONE-16-PRO": "MobileDevice", "PLAN-UNLIMITED": "MobilePlan"}
Answer = tuple[int, Any]


def product(sku: str, price: str | None = "248.75", **more: Any) -> dict[str, Any]:
    return {"identifiers": {"com.acme.sku": sku}, "price": price, **more}


@dataclass
class Shop:
    """`url`: of the stand-in."""

    api: CommerceOSApi
    url: str
    session: aiohttp.ClientSession

    async def raw(
        self, method: str, path: str, body: bytes | None = None, token: str | None = TOKEN, **headers: str
    ) -> tuple[int, bytes, Any]:
        """Status, body and headers. The path goes out as it is written."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        sent |= {} if token is None else {"Authorization": f"Bearer {token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = URL(f"{self.url}{path}", encoded=True)
        async with self.session.request(method, url, data=body, headers=sent) as response:
            return response.status, await response.read(), response.headers

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        sent = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        status, answer, _ = await self.raw(method, path, sent)
        return status, decode_value(answer)

    async def get(self, path: str) -> Any:
        status, answer = await self.call("GET", path)
        assert status == 200, answer
        return answer

    async def put(self, id: str = "O-1", **changes: Any) -> Answer:
        """Creates an order; a change of None leaves the field out."""
        return await self.call("PUT", f"/v1/trade-orders/com.acme.order-id={id}", order(id, **changes))

    async def act(self, id: str = "O-1", **action: Any) -> Answer:
        return await self.call("PATCH", f"/v1/trade-orders/com.acme.order-id={id}/actions", action)

    async def status(self, id: str = "O-1") -> list[str]:
        found: list[str] = (await self.get(f"/v1/trade-orders/com.acme.order-id={id}~with(status)"))["status"]
        return found

    async def admin(self, method: str, name: str, body: Any = None) -> Answer:
        return await self.call(method, f"{ADMIN}/{name}", body)

    async def lines(self, name: str) -> list[dict[str, Any]]:
        return lines((await self.raw("GET", f"{ADMIN}/{name}"))[1])

    async def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.admin("GET", "stats"))[1]
        return found


@asynccontextmanager
async def shop(
    client: Client | None = None,
    rules: Rules | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    **faults: Any,
) -> AsyncIterator[Shop]:
    """With every product of the guide, never short, and a rate that no test reaches by chance."""
    api = CommerceOSApi(client or Client(fixed_token=TOKEN), Faults(**faults), now)
    api.store.rules = rules or Rules(requests_max=100_000)
    for sku, price in PRICES.items():
        api.store.products.put(product(sku, price, instanceType=KINDS.get(sku)))
    async with serving(application([api])) as url, aiohttp.ClientSession() as session:
        yield Shop(api, url, session)


def order(id: str = "O-1", **changes: Any) -> dict[str, Any]:
    """The guide's basic order: two widgets at 248.75."""
    document = {
        "identifiers": {"com.acme.order-id": id, "com.acme.channel": "webshop"},
        "supplier": {"identifiers": {"com.acme.company-id": "ACME-RETAIL"}},
        "customer": {"identifiers": {"com.acme.customer-id": "CUST-001"}},
        "sellers": [{"identifiers": {"com.acme.store-id": "WAREHOUSE-MAIN"}}],
        "currency": {"identifiers": {"currencyCode": "SEK"}},
        "items": [item("WIDGET-001", quantity=2)],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def item(sku: str, **more: Any) -> dict[str, Any]:
    return {"product": {"identifiers": {"com.acme.sku": sku}}, **more}


def payment(id: str = "TX-1", amount: Any = "497.50", **changes: Any) -> dict[str, Any]:
    return {
        "transactionId": id,
        "timestamp": "2024-12-15T14:32:00Z",
        "method": {"identifiers": {"methodId": "com.heads.card"}},
        "currency": {"identifiers": {"currencyCode": "SEK"}},
        "amount": str(amount) if isinstance(amount, Decimal) else amount,
        **changes,
    }


def address(**changes: Any) -> dict[str, Any]:
    return {"line1": "Storgatan 1", "postalCode": "11122", "cityName": "Stockholm", "countryCode": "SE", **changes}
