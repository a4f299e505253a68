"""Commands of CommerceOS become requests as the guide shows them, or say what is to be mended."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from connectors.exchange import Request
from connectors.targets import kind_of
from connectors.targets.commerceos.countries import alpha_2
from connectors.targets.unprocessable import Unprocessable
from streams.platforms.json import decode_value
from streams.vocabulary import Command
from streams.vocabulary import CommandType as Type
from tests.connectors.commerceos import (
    DATA,
    IDENTIFIERS,
    KEY,
    address,
    command,
    commerceos,
    identifiers,
    order,
    payment,
    payment_order,
    shipment_order,
)

KIND = kind_of(commerceos())
ORDER = "/v1/trade-orders/com.acme.order-id=duda%3Ashop%2F1"
ACTIONS = f"{ORDER}/actions"
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.decimals().map(str),
    st.just("SE"),
    st.just("action"),
)
NAMES = st.sampled_from(
    [
        *("order", "address", "payment", "shipment", "items", "sellers", "supplier", "customer", "company", "store"),
        *(
            "currency",
            "sku",
            "quantity",
            "instances",
            "imei",
            "as",
            "amount",
            "line1",
            "city",
            "postal_code",
            "country",
        ),
        *("transaction_id", "timestamp", "method", "payer", "payee", "reserved_until", "channel", "x"),
    ]
)
DOCUMENTS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=20
)


def requested(type: Type, data: dict[str, Any] | None = None, **given: Any) -> Request:
    return KIND.request(command(type, data, **given))


def body(type: Type, data: dict[str, Any] | None = None) -> Any:
    return decode_value(requested(type, data).body)


@pytest.mark.parametrize(
    ("type", "data", "expected"),
    [
        (Type.CHANGE_DELIVERY_ADDRESS, None, ("PATCH", ACTIONS)),
        (Type.CREATE_ORDER, None, ("PUT", ORDER)),
        (Type.UPDATE_ORDER, None, ("PUT", ORDER)),
        (Type.CREATE_PAYMENT, None, ("PATCH", ACTIONS)),
        (
            Type.CREATE_PAYMENT,
            {"payment": payment_order()},
            ("GET", "/v1/payment-orders/com.acme.payment-order-id=TX-1"),
        ),
        (Type.APPROVE_ORDER, None, ("PATCH", ACTIONS)),
        (Type.CANCEL_ORDER, None, ("PATCH", ACTIONS)),
        (Type.CREATE_SHIPMENT, None, ("GET", f"{ORDER}~with(status,shipments)")),
        (
            Type.CREATE_SHIPMENT,
            {"shipment": shipment_order()},
            ("GET", "/v1/shipment-orders/com.acme.shipment-order-id=duda%3Ashop%2F1"),
        ),
        (Type.RELEASE_SHIPMENT, None, ("GET", f"{ORDER}/shipments~with(status)")),
    ],
)
def test_each_command_goes_where_the_guide_says(type: Type, data: Any, expected: tuple[str, str]) -> None:
    request = requested(type, data)
    assert (request.method, request.path) == expected
    assert request == requested(type, data), "the same command is the same bytes"


def test_an_order_is_written_as_the_guide_writes_it() -> None:
    """Phase 1, the basic order."""
    assert body(Type.CREATE_ORDER, {"order": order(reserved_until="2026-03-02T12:00:00Z")}) == {
        "identifiers": {"com.acme.order-id": KEY, "com.acme.channel": "duda"},
        "supplier": {"identifiers": {"com.acme.company-id": "ACME-RETAIL"}},
        "customer": {"identifiers": {"com.acme.customer-id": "CUST-001"}},
        "sellers": [{"identifiers": {"com.acme.store-id": "STORE-1"}}],
        "currency": {"identifiers": {"currencyCode": "SEK"}},
        "items": [{"product": {"identifiers": {"com.acme.sku": "WIDGET-001"}}, "quantity": 2}],
        "reservedUntil": "2026-03-02T12:00:00Z",
    }


def test_a_purchase_of_ours_names_the_supplier_as_seller() -> None:
    """Phase 1, the purchase order: the role says the namespace."""
    ours = order(supplier={"supplier": "S-1"}, sellers=[{"supplier": "S-1"}], customer={"company": "ACME-RETAIL"})
    found = body(Type.CREATE_ORDER, {"order": ours})
    assert found["supplier"] == found["sellers"][0] == {"identifiers": {"com.acme.supplier-id": "S-1"}}
    assert found["customer"] == {"identifiers": {"com.acme.company-id": "ACME-RETAIL"}}


def test_a_payment_is_written_as_the_guide_writes_it() -> None:
    """Phase 2: as an action its amount is a number, as a payment order of its own it is in quotes."""
    assert requested(Type.CREATE_PAYMENT).body == orjson.dumps(
        {
            "createPayment": {
                "transactionId": "TX-1",
                "timestamp": "2026-03-01T12:00:00Z",
                "method": {"identifiers": {"methodId": "com.heads.card"}},
                "currency": {"identifiers": {"currencyCode": "SEK"}},
                "amount": orjson.Fragment("497.50"),
            }
        }
    )


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_amounts_and_quantities_are_exact(amount: Decimal) -> None:
    """A float would have rounded them."""
    written = format(amount, "f")
    assert decode_value(requested(Type.CREATE_PAYMENT, {"payment": payment(amount=written)}).body)["createPayment"][
        "amount"
    ] == Decimal(written)
    item = {"sku": "A", "quantity": format(abs(amount), "f")}
    assert body(Type.CREATE_ORDER, {"order": order(items=[item])})["items"][0]["quantity"] == abs(amount)


@given(st.text(min_size=1, max_size=40))
def test_an_id_is_one_piece_of_the_path_whatever_is_in_it(id: str) -> None:
    """`~` would begin an operator, `/` another piece: another order would be changed, or none."""
    path = requested(Type.APPROVE_ORDER, key=id).path
    prefix, suffix = "/v1/trade-orders/com.acme.order-id=", "/actions"
    escaped = path.removeprefix(prefix).removesuffix(suffix)
    assert path == prefix + escaped + suffix
    assert unquote(escaped) == id
    assert set(escaped).isdisjoint("/~=()?#&:, \n")
    assert URL(f"http://127.0.0.1{path}", encoded=True).raw_path == path


@given(st.sampled_from(sorted(Type)), st.dictionaries(NAMES, DOCUMENTS, max_size=5))
def test_any_command_is_a_request_or_says_what_is_wrong(type: Type, data: dict[str, Any]) -> None:
    """A partition must not stop for one order's sake."""
    try:
        request = requested(type, data)
    except Unprocessable as error:
        assert str(error)
        return
    assert request.path.startswith("/v1/")
    assert request.method == "GET" or decode_value(request.body)


def broken(document: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Without what is at that path."""
    name, *rest = path
    if not rest:
        return {each: value for each, value in document.items() if each != name}
    return {**document, name: broken(document[name], tuple(rest))}


@pytest.mark.parametrize(
    ("type", "data", "path"),
    [
        *((Type.CREATE_ORDER, DATA[Type.CREATE_ORDER], ("order", name)) for name in ("supplier", "sellers", "items")),
        *((Type.CREATE_ORDER, DATA[Type.CREATE_ORDER], ("order", name)) for name in ("currency", "customer")),
        *((Type.CREATE_PAYMENT, {"payment": payment_order()}, ("payment", name)) for name in ("payer", "payee", "as")),
        *((Type.CREATE_PAYMENT, DATA[Type.CREATE_PAYMENT], ("payment", name)) for name in ("amount", "transaction_id")),
        *((Type.CHANGE_INVOICE_ADDRESS, {"address": address()}, ("address", n)) for n in ("line1", "city", "country")),
        (Type.CHANGE_DELIVERY_ADDRESS, {"address": address()}, ("address", "postal_code")),
        (Type.CREATE_SHIPMENT, {"shipment": shipment_order()}, ("shipment", "items")),
    ],
)
def test_what_is_missing_is_named(type: Type, data: dict[str, Any], path: tuple[str, ...]) -> None:
    """The message names the field: a person who reads the dead letter knows where to look."""
    requested(type, data)
    with pytest.raises(Unprocessable, match=rf"^data\.{'.'.join(path)}"):
        requested(type, broken(data, path))


@pytest.mark.parametrize(
    ("section", "type", "data", "setting"),
    [
        (
            {"order": "supplier"},
            Type.CREATE_ORDER,
            {"order": order(supplier={"supplier": "S"})},
            "identifiers.supplier",
        ),
        ({}, Type.CREATE_PAYMENT, {"payment": payment_order()}, "identifiers.payment_order"),
        ({}, Type.CREATE_SHIPMENT, {"shipment": shipment_order()}, "identifiers.shipment_order"),
        ({}, Type.CREATE_ORDER, {"order": order(customer=None)}, "commerceos.guest"),
        ({}, Type.CREATE_ORDER, {"order": order(currency=None)}, "commerceos.currency"),
        ({}, Type.CREATE_ORDER, {"order": order(items=[{"sku": None, "quantity": "1"}])}, "commerceos.sku_from"),
        ({}, Type.CREATE_PAYMENT, {"payment": payment(method="Wolt")}, "commerceos.payment_methods"),
        ({}, Type.CREATE_PAYMENT, {"payment": payment(method=None)}, "commerceos.payment_methods"),
    ],
)
def test_a_mapping_that_is_missing_is_named(section: Any, type: Type, data: Any, setting: str) -> None:
    """It can be added, and the dead letter be redriven."""
    sparse = identifiers(supplier=None, payment_order=None, shipment_order=None, channel=None)
    with pytest.raises(Unprocessable, match=rf"targets\.commerceos\.{setting}"):
        kind_of(commerceos(identifiers=sparse)).request(command(type, data))


def test_any_other_method_is_the_fallback() -> None:
    """`"*"`; a method that is listed is not."""
    methods = {"Stripe": "com.heads.card", "*": "com.heads.cash"}
    kind = kind_of(commerceos({"payment_methods": methods}))
    for word, expected in (("Stripe", "com.heads.card"), ("Wolt", "com.heads.cash"), (None, "com.heads.cash")):
        found = decode_value(kind.request(command(Type.CREATE_PAYMENT, {"payment": payment(method=word)})).body)
        assert found["createPayment"]["method"] == {"identifiers": {"methodId": expected}}


def test_without_a_channel_none_is_written() -> None:
    kind = kind_of(commerceos(identifiers=identifiers(channel=None)))
    assert decode_value(kind.request(command(Type.CREATE_ORDER)).body)["identifiers"] == {IDENTIFIERS["order"]: KEY}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("SE", "SE"),
        ("se ", "SE"),
        ("SWE", "SE"),
        ("Sweden", "SE"),
        ("sverige", "SE"),
        ("UK", "GB"),
        ("Österreich", "AT"),
        ("Côte d'Ivoire", "CI"),
        ("COTE DIVOIRE", "CI"),
        ("United States of America", "US"),
        ("Türkiye", "TR"),
    ],
)
def test_a_country_is_two_letters_whatever_the_platform_sent(given: str, expected: str) -> None:
    assert (
        body(Type.CHANGE_DELIVERY_ADDRESS, {"address": address(country=given)})["changeDeliveryAddress"]["countryCode"]
        == expected
    )


@pytest.mark.parametrize("given", ["XX", "Schwedenland", "S", "46", "Korea"])
def test_a_country_that_is_not_certain_is_asked_for(given: str) -> None:
    """A parcel to the wrong country is worse than a dead letter."""
    with pytest.raises(Unprocessable, match=r"data\.address\.country"):
        alpha_2(given, "data.address.country")


def test_an_address_has_only_what_is_known() -> None:
    """An empty field would wipe out nothing and may be refused."""
    given = address(line2="", attention="Ada", region=None)
    assert body(Type.CHANGE_INVOICE_ADDRESS, {"address": given}) == {
        "changeInvoiceAddress": {
            "line1": "Storgatan 1",
            "postalCode": "11122",
            "cityName": "Stockholm",
            "countryCode": "SE",
            "attention": "Ada",
        }
    }


def test_a_release_of_a_shipment_order_asks_for_that_one() -> None:
    kind = kind_of(commerceos({"shipments": "shipment_order"}))
    released: Command = command(Type.RELEASE_SHIPMENT)
    expected = "/v1/shipment-orders/com.acme.shipment-order-id=duda%3Ashop%2F1~with(status)"
    assert kind.request(released).path == expected
