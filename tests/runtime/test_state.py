"""Invariant: an overlay shows the store plus its own writes, and a rolled-back record leaves no trace."""

from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.state import MemoryStore, Overlay

KEYS = st.sampled_from([b"a", b"b", b"c"])
WRITES = st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=3)), max_size=6)
RECORDS = st.lists(st.tuples(WRITES, st.booleans()), max_size=8)


def _write(overlay: Overlay, key: bytes, value: bytes | None) -> None:
    if value is None:
        overlay.delete(key)
    else:
        overlay.set(key, value)


@given(initial=st.dictionaries(KEYS, st.binary(max_size=3)), records=RECORDS)
def test_rolled_back_record_leaves_no_trace(
    initial: dict[bytes, bytes], records: list[tuple[list[tuple[bytes, bytes | None]], bool]]
) -> None:
    """Records that fail in mid-write must not leak into the batch, however writes and failures interleave."""
    store = MemoryStore()
    store.apply(dict(initial))
    overlay, model = Overlay(store), dict[bytes, bytes | None]()
    for writes, fails in records:
        overlay.mark()
        for key, value in writes:
            _write(overlay, key, value)
        if fails:
            overlay.rollback()
        else:
            model.update(writes)
    assert model == overlay.changes
    assert {key: model.get(key, initial.get(key)) for key in (b"a", b"b", b"c")} == {
        key: overlay.get(key) for key in (b"a", b"b", b"c")
    }
    assert dict(initial) == dict(store.items())


def test_store_drops_tombstones() -> None:
    """A null removes, so that a table does not grow by what was deleted."""
    store = MemoryStore()
    store.apply({b"a": b"1", b"b": b"2"})
    store.apply({b"a": None})
    assert [(b"b", b"2")] == list(store.items())
    assert 1 == len(store)
