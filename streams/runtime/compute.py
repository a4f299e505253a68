"""The pure part of a transaction: the records of one partition and its state → what the transaction holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.record import Output, Record
from streams.runtime.agent import Quarantine, Step
from streams.runtime.quarantine import log_quarantined, quarantined
from streams.runtime.state import Overlay, Store

# What a record costs on the wire beyond its key, value and headers; generous.
RECORD_OVERHEAD_BYTES = 512
# Past this a transaction takes no further record: one of gigabytes would outlast its time-out after every restart.
TRANSACTION_BYTES_MAX = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Computed:
    """What one transaction will hold; `records` is how many it is made of, from the first."""

    records: int
    outputs: Sequence[Output]
    changes: Mapping[bytes, bytes | None]
    quarantined: int


def compute(
    step: Step, records: Sequence[Record], store: Store, record_bytes_max: int, bytes_max: int = TRANSACTION_BYTES_MAX
) -> Computed:
    """Runs `step` over `records` in order, until what they make reaches `bytes_max`.

    A record that fails is quarantined and leaves no other trace. An output too large for its topic is such a failure
    too: sent, it would fail the transaction for ever.
    """
    overlay, outputs, failed, size, done = Overlay(store), list[Output](), 0, 0, 0
    for record in records:
        if size >= bytes_max:
            break
        done += 1
        overlay.mark()
        try:
            made = list(step(record, overlay))
            size += _checked_size(made, overlay, record_bytes_max)
        except Exception as error:  # whatever a step raises is about its record
            overlay.rollback()
            reason = error.reason if isinstance(error, Quarantine) else "unprocessable"
            message = str(error) if isinstance(error, Quarantine) else type(error).__name__
            log_quarantined(record, reason, error)
            outputs.append(quarantined(record, reason, message))
            failed += 1
            size += len(record.value or b"")
        else:
            outputs += made
    return Computed(done, outputs, overlay.changes, failed)


def _checked_size(made: Sequence[Output], overlay: Overlay, record_bytes_max: int) -> int:
    """The bytes of all of it. Paid for every record: most of them are found small enough without another call."""
    room, total = record_bytes_max - RECORD_OVERHEAD_BYTES, 0
    for output in made:
        size = len(output.key or b"") + len(output.value or b"")
        if output.headers:
            size += sum([len(name) + len(value) for name, value in output.headers])
        if size > room:
            raise _too_large(size, output.topic, record_bytes_max)
        total += size
    for key, value in overlay.written():
        size = len(key) + len(value or b"")
        if size > room:
            raise _too_large(size, "the state", record_bytes_max)
        total += size
    return total


def _too_large(size: int, where: str, record_bytes_max: int) -> Quarantine:
    return Quarantine(
        "output-too-large",
        f"it makes a record of {size} bytes for {where}; kafka.record_bytes_max is {record_bytes_max}",
    )
