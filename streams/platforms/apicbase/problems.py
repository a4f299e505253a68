"""What is wrong with a purchase order, in words for the customer who has just placed it. Pure.

Apicbase shows a refusal to the customer, who then mends the order and sends it again (seed 001, section 2.1), so each
message says which package, which field, what is wrong and what to do.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from streams.platforms.fields import ABSENT, Object, child, identifier, moment, word
from streams.platforms.json import Document
from streams.platforms.webhook import Problem
from streams.vocabulary.base import parse_money

ORDERED = "ORDERED"
PROBLEMS_MAX = 20
NAME_CHARS_MAX = 60

AGAIN = "Place the order again; if this message comes back, contact Apicbase."
_NO_ID = Problem("id", f"The order has no id. {AGAIN}")
_NO_NUMBER = Problem("order_number", f"The order has no order number. {AGAIN}")
_NO_TIME = Problem("ordered_on", f"The time of the order is missing or is not a date and time. {AGAIN}")
_NO_STATUS = Problem("status", f"The status of the order is not a word. {AGAIN}")
_NOT_ORDERED = Problem("status", f"The order has not been placed: its status is not {ORDERED}. {AGAIN}")
_NO_CUSTOMER = Problem(
    "supplier_customer_number",
    "The customer number is missing: ask your supplier for yours, enter it in Apicbase and place the order again.",
)
_NO_PACKAGES = Problem("packages", "The order is empty: add at least one package and place the order again.")
_TOTAL = Problem("theoretical_price", f"The total price of the order is not a decimal number such as 120.50. {AGAIN}")

_ARTICLE = "the supplier's article number is missing: enter it for this article in Apicbase, or take it off the order."
_QUANTITY = "the quantity must be a whole number greater than 0."
_PRICE = "the price per package must be a decimal number such as 12.50: correct it in Apicbase."
_SUM = "the total price must be a decimal number such as 25.00: correct the price of the article in Apicbase."


def problems(document: Document, *, is_placing: bool = False) -> tuple[Problem, ...]:
    """All that is wrong, the first `PROBLEMS_MAX` of it; nothing for an order that can be taken.

    `is_placing`: its customer waits to be told that it is placed, which another status than `ORDERED` does not do.
    """
    return tuple(islice(_problems(document, is_placing=is_placing), PROBLEMS_MAX))


def _problems(document: Document, *, is_placing: bool) -> Iterator[Problem]:
    if identifier(document.get("id")) is None:
        yield _NO_ID
    if identifier(document.get("order_number")) is None:
        yield _NO_NUMBER
    if moment(document.get("ordered_on")) is ABSENT:
        yield _NO_TIME
    status = document.get("status")
    if status is not None and word(status) is None:
        yield _NO_STATUS
    elif is_placing and status not in (None, ORDERED):
        yield _NOT_ORDERED
    if identifier(document.get("supplier_customer_number")) is None:
        yield _NO_CUSTOMER
    if not _is_amount(document.get("theoretical_price")):
        yield _TOTAL
    packages = document.get("packages")
    if not isinstance(packages, list) or not packages:
        yield _NO_PACKAGES
        return
    for number, package in enumerate(packages):
        yield from _package(number, package)


def _package(number: int, package: Any) -> Iterator[Problem]:
    if not isinstance(package, dict):
        yield Problem(f"packages[{number}]", f"Package {number + 1} cannot be read. {AGAIN}")
        return
    supplied, who = child(package, "supplier_package"), _name(number, package)
    for field, is_right, message in (
        ("supplier_package.supplier_article_number", _has_article(supplied), _ARTICLE),
        ("quantity_ordered", is_quantity(package.get("quantity_ordered")), _QUANTITY),
        (
            "supplier_package.theoretical_price_per_package",
            _is_amount(supplied.get("theoretical_price_per_package")),
            _PRICE,
        ),
        ("total_theoretical_price", _is_amount(package.get("total_theoretical_price")), _SUM),
    ):
        if not is_right:
            yield Problem(f"packages[{number}].{field}", f"{who}: {message}")


def is_quantity(value: Any) -> bool:
    """A whole number of at least 1; `2.0` is one, `"2"` and `true` are none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return _is_amount(value) and value >= 1 and value == int(value)


def _has_article(supplied: Object) -> bool:
    return identifier(supplied.get("supplier_article_number")) is not None


def _is_amount(value: Any) -> bool:
    """Also where it is missing: a price that nobody states is not a wrong one."""
    try:
        return value is None or parse_money(value) is not None
    except ValueError:
        return False


def _name(number: int, package: Object) -> str:
    name = child(package, "stock_item").get("name")
    if not isinstance(name, str) or not name.strip():
        return f"Package {number + 1}"
    shown = "".join(letter if letter.isprintable() else " " for letter in name.strip())
    return f"Package {number + 1} ({shown if len(shown) <= NAME_CHARS_MAX else shown[:NAME_CHARS_MAX] + '…'})"
