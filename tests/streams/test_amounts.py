"""Amounts: which texts are one, in what notation. What it is worth is in the contract suite of the platforms."""

from decimal import Decimal

import pytest

from streams.vocabulary.base import parse_money


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("19.99", "19.99"),
        ("-5.25", "-5.25"),
        ("+5", "5"),
        ("45.00", "45"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e2", "100"),
        ("12E-1", "1.2"),
        ("-0.00", "0"),
        ("007", "7"),
    ],
)
def test_decimal_notation_is_read(text: str, amount: str) -> None:
    """As the platforms and JSON write it, exponents included."""
    assert amount == format(parse_money(text), "f")
    assert parse_money(text) == parse_money(Decimal(text))


@pytest.mark.parametrize("text", ["19_99", "1_000", "_1", "1_", "１９.９９", "٣", "१२", "1\u00a0", "\u20031"])
def test_spelling_of_python_is_no_amount(text: str) -> None:
    """`19_99` is a typing error for 19.99: read as 1999 it would be asked of somebody."""
    with pytest.raises(ValueError, match="decimal number"):
        parse_money(text)


@pytest.mark.parametrize(
    "text", ["", " ", "NaN", "sNaN", "-Infinity", "inf", "12,50", "1 000", "0x10", "five", "9" * 61]
)
def test_text_that_is_no_number_is_no_amount(text: str) -> None:
    """Nor is a number that nobody counts with."""
    with pytest.raises(ValueError, match="an amount m"):
        parse_money(text)
