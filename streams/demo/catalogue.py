"""What the generated shops sell, and the arithmetic of a basket in cents. Pure; the caller brings the randomness."""

from dataclasses import dataclass, replace
from random import Random

PRODUCTS: tuple[tuple[str, int], ...] = (
    ("Grey ceramic plate", 4500),
    ("Blue ceramic bowl", 2990),
    ("Linen napkin", 795),
    ("Oak serving board", 6420),
    ("Brass ladle", 1999),
    ("Tall glass", 1110),
    ("Espresso cup", 1235),
    ("Räucherfisch 200 g", 1005),
)
CURRENCIES = ("USD", "EUR", "SEK")
FIRST_NAMES = ("Ada", "Björn", "Chidi", "Dorota", "Émile", "Fatima", "Grace", "Hiro")
LAST_NAMES = ("Andersson", "Baker", "Coelho", "Dvořák", "Eze", "Fischer", "García", "Haddad")
LINES_MAX = 4
QUANTITY_MAX = 5


def units(cents: int) -> float:
    """Cents as the number that a shop's JavaScript would write: the shortest that reads back as the same amount."""
    return cents / 100


def money(cents: int) -> str:
    """Cents as the text that a careful sender writes."""
    return f"{cents // 100}.{cents % 100:02}"


@dataclass(frozen=True, slots=True)
class Item:
    """One line. `id` is unique within the order."""

    id: int
    product: int
    quantity: int

    @property
    def name(self) -> str:
        return PRODUCTS[self.product][0]

    @property
    def price_cents(self) -> int:
        return PRODUCTS[self.product][1]


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought, in cents."""

    items: tuple[Item, ...]
    shipping_cents: int
    discount_cents: int

    @property
    def subtotal_cents(self) -> int:
        return sum(item.price_cents * item.quantity for item in self.items)

    @property
    def tax_cents(self) -> int:
        return self.subtotal_cents * 15 // 100

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents + self.tax_cents + self.shipping_cents - self.discount_cents


@dataclass(frozen=True, slots=True)
class Buyer:
    first_name: str
    last_name: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        return f"buyer-{self.number}@example.com"


def new_basket(rng: Random, quantity_max: int = QUANTITY_MAX) -> Basket:
    """One to four lines of different products."""
    products = rng.sample(range(len(PRODUCTS)), rng.randint(1, LINES_MAX))
    items = tuple(
        Item(rng.randrange(1, 10**6) * 10 + n, p, rng.randint(1, quantity_max)) for n, p in enumerate(products)
    )
    return Basket(items, rng.choice((0, 551, 1400)), rng.choice((0, 0, 100, 500)))


def changed(rng: Random, basket: Basket) -> Basket:
    """The same basket after the buyer thought again: one line has another quantity."""
    at = rng.randrange(len(basket.items))
    item = basket.items[at]
    other = rng.choice([quantity for quantity in range(1, QUANTITY_MAX + 1) if quantity != item.quantity])
    return replace(basket, items=(*basket.items[:at], replace(item, quantity=other), *basket.items[at + 1 :]))


def new_buyer(rng: Random, number: int) -> Buyer:
    return Buyer(rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES), number)
