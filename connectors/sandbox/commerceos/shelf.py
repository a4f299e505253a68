"""Things of one kind in the order in which they came, found by their key or by `namespace=id`. Full, it refuses."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from connectors.sandbox.commerceos.refusal import Refused, Why

THINGS_MAX = 200_000


class Keyed(Protocol):
    key: str


T = TypeVar("T", bound=Keyed)


class Shelf(Generic[T]):
    """`prefix`: of the database keys."""

    def __init__(self, prefix: str, things_max: int = THINGS_MAX) -> None:
        self._prefix, self._things_max = prefix, things_max
        self._by_key: dict[str, T] = {}
        self._by_identifier: dict[tuple[str, str], T] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._by_key.values()))

    def new_key(self) -> str:
        """Raises `Refused` where there is no room."""
        if len(self._by_key) >= self._things_max:
            raise Refused(Why.FULL, "Full", "no room for another one")
        return f"{self._prefix}{len(self._by_key) + 1:020d}"

    def add(self, thing: T, identifiers: Iterable[tuple[str, str]]) -> bool:
        """Whether no other one had any of its identifiers. The first keeps them."""
        pairs = list(identifiers)
        is_first = not any(pair in self._by_identifier for pair in pairs)
        self._by_key[thing.key] = thing
        for pair in pairs:
            self._by_identifier.setdefault(pair, thing)
        return is_first

    def find(self, reference: str) -> T | None:
        """`reference`: a key, or `namespace=id`."""
        namespace, sign, id = reference.partition("=")
        if not sign or namespace == "key":
            return self._by_key.get(id if sign else reference)
        return self._by_identifier.get((namespace, id))

    def get(self, reference: str) -> T:
        """Raises `Refused`."""
        thing = self.find(reference)
        if thing is None:
            raise Refused(Why.UNKNOWN, "NotFound", f"there is no {reference}")
        return thing
