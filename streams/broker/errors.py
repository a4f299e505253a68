"""What keeps a local broker from running."""


class BrokerError(Exception):
    """The local broker cannot be had. The message says what to do about it."""


class MissingProgram(BrokerError):
    """Java or Maven is not installed, or too old: starting again would not mend it."""


class PortTaken(BrokerError):
    """Something else listens on the port."""
