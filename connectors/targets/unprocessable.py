"""Why a command cannot become a request."""


class Unprocessable(Exception):
    """The message is for a person and names the field, never its content."""
