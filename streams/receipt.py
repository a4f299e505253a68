"""The receipt of the webhook behind a record, carried as a header: what logs and traces name a record by."""

from collections.abc import Sequence

from streams.record import Record

HEADER = "receipt"


def with_receipt(headers: Sequence[tuple[str, bytes]], receipt: str | None) -> list[tuple[str, bytes]]:
    """`headers` and the receipt, where there is one."""
    return [*headers] if receipt is None else [*headers, (HEADER, receipt.encode())]


def receipt_of(record: Record) -> str | None:
    """The receipt that a record carries."""
    value = record.header(HEADER)
    return None if value is None else value.decode(errors="replace")
