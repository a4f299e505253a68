"""What orders take from the stock, and give back (seed 003). Pure, and level-triggered like `decide`.

An order holds what its lines say, and nothing once it was cancelled or deleted. Whatever event comes, in whatever
order, and however often, an order's movements are the difference between what it holds now and what was moved for it
before (`Bookkeeping.taken`): created −1, updated to three −2, deleted +3. Until it holds none of a product, all of it
goes by the SKU by which it took the first. A returned order keeps what it took: nobody says whether the goods can be
sold again.
"""

from decimal import Decimal
from hashlib import blake2b

from streams.digest import digest_of
from streams.vocabulary import Line, Movement, Order, OrderEvent, OrderStatus, Product, Stock
from streams.vocabulary.base import EXACT

# A line that has no id of any product, or no number of pieces that can be counted: it moves nothing, and the order is
# flagged for a person while it has such a line.
UNTRACKED = "line-without-stock"
# Their orders move the stock unless `tracks_stock` says otherwise. Seed 003 is about nothing else.
TRACKED_PLATFORMS = frozenset({"duda"})

# Of one line. No sum of such quantities outgrows `MONEY_DIGITS_MAX` before the sun does.
_PIECES_MAX, _FRACTION_DIGITS_MAX = Decimal(10) ** 15, 15
_ID_CHARS_MAX = 200
_NOTHING = Decimal(0)
_ESCAPES = str.maketrans({"%": "%25", "/": "%2F", ":": "%3A"})


def move(before: Order | None, order: Order, cause: OrderEvent) -> tuple[Order, tuple[Movement, ...]]:
    """The order with its movements noted, and the movements, in the order of the product keys.

    `before` only tells the names of products that the order has no line of any more. Asked again: none.
    """
    held, is_untracked = holdings(order)
    book = order.bookkeeping
    if held == book.taken and (UNTRACKED in order.flags) is is_untracked:
        return order, ()
    changed = sorted(key for key in {*held, *book.taken} if held.get(key) != book.taken.get(key))
    lines = order.lines if before is None or before.lines is order.lines else (*before.lines, *order.lines)
    known = {key: line for line in lines if (key := product_key(order, line)) is not None}
    now = {key: line.sku for key, line in known.items()}
    by = {key: book.taken_as.get(key) or now.get(key) for key in {*held, *book.taken}}
    movements = tuple(
        Movement(
            id=movement_id(order.key, key, book.moves + number),
            product_key=key,
            product=_product(known[key]) if key in known else Product(),
            order_key=order.key,
            source=order.source,
            delta=EXACT.subtract(book.taken.get(key, _NOTHING), held.get(key, _NOTHING)),
            held=held.get(key, _NOTHING),
            taken_as=None if by[key] == now.get(key) else by[key],
            caused_by=cause.id,
            receipt=cause.receipt,
            at=cause.received_at,
        )
        for number, key in enumerate(changed)
    )
    taken_as = {key: sku for key in held if (sku := by[key])}
    noted = book.updated({"taken": held, "taken_as": taken_as, "moves": book.moves + len(movements)})
    return order.updated({"flags": _flags(order, is_untracked), "bookkeeping": noted}), movements


def holdings(order: Order) -> tuple[dict[str, Decimal], bool]:
    """How many the order holds, by product key, none that are zero; and whether a line of it cannot be counted."""
    held: dict[str, Decimal] = {}
    is_untracked = False
    for line in order.lines:
        key = product_key(order, line)
        if key is None or not _is_countable(line.quantity):
            is_untracked = True
        elif line.quantity:
            held[key] = EXACT.add(held.get(key, _NOTHING), line.quantity)
    if OrderStatus.CANCELLED in order.bookkeeping.reached:
        held = {}
    return dict(sorted(held.items())), is_untracked


def product_key(order: Order, line: Line) -> str | None:
    """`<source>:<shop>/<product>[/<variation>]`, the platform's own ids first, then the shop owner's, then the SKU.

    None where the line names no product. Ids are escaped so that no two products share a key.
    """
    product = _id(line.product_id, line.external_product_id) or _id(None, line.sku, "sku")
    if product is None:
        return None
    variation = _id(line.variation_id, line.external_variation_id)
    path = "/".join(part for part in ((order.shop or "").translate(_ESCAPES), product, variation) if part is not None)
    return f"{order.source}:{path}"


def movement_id(order_key: str, product: str, number: int) -> str:
    """`number`: of the movement within its order. The same from the same history; 128 bits in hex."""
    return digest_of(b"orderlog.moved", order_key.encode(), product.encode(), b"%d" % number)


def add(stock: Stock | None, movement: Movement, offset: int) -> Stock:
    """The stock after the movement that lies at `offset`; the very same object where that is in it already."""
    if stock is None:
        stock = Stock(
            product_key=movement.product_key,
            product=movement.product,
            source=movement.source,
            level=_NOTHING,
            updated_at=movement.at,
        )
    elif offset <= stock.offset:
        return stock
    return stock.updated(
        {
            "product": movement.product if movement.product != Product() else stock.product,
            "level": EXACT.add(stock.level, movement.delta),
            "movements": stock.movements + 1,
            "offset": offset,
            "updated_at": movement.at,
        }
    )


def _id(own: str | None, other: str | None, kind: str = "external") -> str | None:
    if own and own.strip():
        return _escaped(own)
    return f"{kind}:{_escaped(other)}" if other and other.strip() else None


def _escaped(id: str) -> str:
    """An id that is too long for a key counts by its digest."""
    if len(id) > _ID_CHARS_MAX:
        return blake2b(id.encode(), digest_size=16, person=b"orderlog.product").hexdigest()
    return id.translate(_ESCAPES) if "/" in id or ":" in id or "%" in id else id


def _is_countable(quantity: Decimal) -> bool:
    exponent = quantity.as_tuple().exponent
    return 0 <= quantity < _PIECES_MAX and isinstance(exponent, int) and -exponent <= _FRACTION_DIGITS_MAX


def _product(line: Line) -> Product:
    return Product(
        product_id=line.product_id,
        variation_id=line.variation_id,
        external_product_id=line.external_product_id,
        external_variation_id=line.external_variation_id,
        sku=line.sku,
        name=line.name,
    )


def _flags(order: Order, is_untracked: bool) -> tuple[str, ...]:
    """Of the lines as they stand: unlike other flags this one goes away with its cause."""
    others = tuple(flag for flag in order.flags if flag != UNTRACKED)
    return tuple(sorted((*others, UNTRACKED))) if is_untracked else others
