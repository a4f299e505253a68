"""What keeps a local broker from running."""


class BrokerError(Exception):
    """The local broker cannot be had. The message says what to do about it."""
