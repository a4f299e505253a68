"""State of one partition: a store that holds only what is committed, and the overlay of the batch in hand."""

from collections.abc import Iterator, Mapping
from typing import Protocol


class Store(Protocol):
    """Where committed state lives. In memory today; the seam for an on-disk store.

    `apply` is called after the Kafka commit, and during restore.
    """

    def get(self, key: bytes, /) -> bytes | None: ...
    def apply(self, changes: Mapping[bytes, bytes | None], /) -> None: ...
    def items(self) -> Iterator[tuple[bytes, bytes]]: ...
    def __len__(self) -> int: ...


class MemoryStore:
    """A dict. 100,000 orders of 3 KB are some 350 MB; past that, an on-disk store is wanted."""

    def __init__(self) -> None:
        self._data: dict[bytes, bytes] = {}

    def get(self, key: bytes, /) -> bytes | None:
        return self._data.get(key)

    def apply(self, changes: Mapping[bytes, bytes | None], /) -> None:
        for key, value in changes.items():
            if value is None:
                self._data.pop(key, None)
            else:
                self._data[key] = value

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._data.items())

    def __len__(self) -> int:
        return len(self._data)


class Overlay:
    """Reads through to the committed store; writes stay here until the Kafka commit.

    `mark` and `rollback` bracket one record, so that one that fails leaves no trace in the batch.
    """

    __slots__ = ("_store", "_undo", "changes")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._undo: list[tuple[bytes, bool, bytes | None]] = []
        self.changes: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value as of the records before this one, or None."""
        if key in self.changes:
            return self.changes[key]
        return self._store.get(key)

    def set(self, key: bytes, value: bytes) -> None:
        self._write(key, value)

    def delete(self, key: bytes) -> None:
        self._write(key, None)

    def _write(self, key: bytes, value: bytes | None) -> None:
        self._undo.append((key, key in self.changes, self.changes.get(key)))
        self.changes[key] = value

    def mark(self) -> None:
        """From here on, `rollback` takes back every write."""
        self._undo.clear()

    def rollback(self) -> None:
        for key, was_changed, value in reversed(self._undo):
            if was_changed:
                self.changes[key] = value
            else:
                del self.changes[key]
        self._undo.clear()

    def written(self) -> Iterator[tuple[bytes, bytes | None]]:
        """The writes since `mark`."""
        return ((key, self.changes[key]) for key, _, _ in self._undo)
