"""The guide's own requests, in its own order and byte for byte, do what the guide says they do."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from tests.connectors.sandbox_commerceos.shop import Shop, shop

# Each request of seed 002 whose body stands there in full: method, path and body as written.
REQUESTS = Path(__file__).parents[2] / "payloads" / "commerceos" / "requests.ndjson"
DIGEST = "f78350ff25c884fc9f1bffd369762ecb3e2e5c922877f27d1be28958fdaa7f27"
CREATED = {"PUT": 201, "POST": 201, "PATCH": 200, "GET": 200}


def requests() -> list[dict[str, str]]:
    return [orjson.loads(line) for line in REQUESTS.read_bytes().splitlines()]


def test_the_requests_are_not_tidied_by_an_editor() -> None:
    """They are the guide's, to the byte."""
    assert sha256(REQUESTS.read_bytes()).hexdigest() == DIGEST


async def walk(shop: Shop) -> list[tuple[str, str, int, Any]]:
    """All requests, one after the other; keys that the guide leaves open are those that were answered before."""
    seen = []
    keys = {"{shipment-key}": "", "<mapped-type-db-key>": ""}
    for each in requests():
        path, body = each["path"], each["body"]
        for name, key in keys.items():
            path, body = path.replace(name, key), body.replace(name, key)
        status, answer = await shop.call(each["method"], path, body.encode() if body else None)
        seen.append((each["method"], path, status, answer))
        if path.startswith("/v1/mapped-types") and each["method"] == "GET":
            keys["<mapped-type-db-key>"] = answer["identifiers"]["key"]
        shipments = answer.get("shipments") if isinstance(answer, dict) else answer
        if "shipments" in path and shipments:
            keys["{shipment-key}"] = shipments[0]["identifiers"]["key"]
    return seen


async def test_the_guide_s_requests_as_they_stand_do_what_it_says() -> None:
    """A stand-in that refused one of them would send its users after mistakes that are not theirs."""
    async with shop() as api:
        for id in ("CANCEL-THIS-ORDER", "REFUND-ORDER"):
            await api.put(id)
            await api.act(id, tryApprove=True)
        seen = await walk(api)
        stats = await api.stats()
        payments = await api.get("/v1/trade-orders/com.acme.order-id=WEB-2024-123456/payments")
        assert await api.status("CANCEL-THIS-ORDER") == ["Cancelled"]
    assert [(method, path, status) for method, path, status, _ in seen if status != CREATED[method]] == []
    assert (stats["refused"], stats["doubled"], stats["wrong_order"]) == (0, 0, 0)
    # createPayment STRIPE-PI-abc123xyz stands there twice, and so does createShipment: one record each.
    assert stats["repeats"] == 2
    assert [(each["transactionId"], each["amount"]) for each in payments] == [
        ("STRIPE-PI-abc123xyz", "497.50"),
        ("GIFTCARD-GC-001", "100.00"),
        ("STRIPE-PI-def456", "397.50"),
    ]


async def test_its_reads_answer_as_the_guide_shows() -> None:
    """The two answers that it prints, and the counts of its verification queries."""
    async with shop() as api:
        for id in ("CANCEL-THIS-ORDER", "REFUND-ORDER"):
            await api.put(id)
            await api.act(id, tryApprove=True)
        answers = {path: answer for _, path, _, answer in await walk(api)}
    order = "/v1/trade-orders/com.acme.order-id=WEB-2024-123456"
    read = answers[f"{order}~with(status)"]
    assert (read["identifiers"]["com.acme.order-id"], read["status"]) == ("WEB-2024-123456", ["Committed"])
    assert answers[f"{order}~with(payments,totalAmount)"]["totalAmount"] == "497.50"
    assert answers["/v1/trade-orders~where(status=New)~count"] == 5
    vip = "/v1/trade-orders~where(customer/identifiers/com.acme.customer-id=CUST-VIP-001)~take(50)"
    assert [each["identifiers"]["com.acme.order-id"] for each in answers[vip]] == ["COMPLETE-ORDER-001"]
    details = answers[f"{order}~with(items~with(statusDetails,shipmentItems))"]["items"][0]
    assert details["statusDetails"] == [{"status": "Released", "quantity": "2"}]
    complete = next(answer for path, answer in answers.items() if "~with(items,payments,shipments,status" in path)
    assert complete["deliveryAddresses"][0]["attention"] == "John Doe"
    assert sorted(complete) == sorted(
        ["identifiers", "items", "payments", "shipments", "status", "deliveryAddresses", "customer"]
    )
