"""The example payloads of the platforms' own documents, byte for byte (seeds 003 and 004)."""

from importlib.resources import files

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("duda", "order_created"),
    ("duda", "order_status_updated"),
    ("duda", "order_deleted"),
    ("selldone", "checkout_order"),
    ("selldone", "payment_order"),
)


def example(platform: str, name: str) -> bytes:
    """The exact bytes of one example, as the platform's page prints it."""
    return (files(__name__) / platform / f"{name}.json").read_bytes()
