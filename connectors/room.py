"""Whether a raw record of ours can be written, and set aside later: one that cannot stops its partition for ever."""

from streams.record import Output

# Kafka's own on top of key, value and headers, and what the quarantine adds: a reason, a message, where it lay.
ADDED_BYTES = 4096


def has_room(output: Output, record_bytes_max: int) -> bool:
    """`record_bytes_max`: what one Kafka record may hold."""
    headers = sum(len(name) + len(value) for name, value in output.headers)
    return len(output.key or b"") + len(output.value or b"") + headers + ADDED_BYTES <= record_bytes_max
