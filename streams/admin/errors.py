"""Why nothing could be asked of a broker, or done there."""


class Unreachable(Exception):
    """The broker does not answer in time; the message names it."""


class Refused(Exception):
    """The broker says no; one line for each thing that it refused."""
