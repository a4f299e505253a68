"""What the network did, in words for an operator. No secret is in them, but the URL's host may be."""

import aiohttp

from connectors.egress.guard import RefusedAddress


def refused(error: BaseException) -> RefusedAddress | None:
    """The refusal that aiohttp has wrapped into `error`; None where it is something else."""
    while not isinstance(error, RefusedAddress):
        if error.__cause__ is None:
            return None
        error = error.__cause__
    return error


def network_error(error: BaseException) -> str:
    """One line, the kind of error first."""
    error = refused(error) or error
    return f"{type(error).__name__}: {error}"


def timed_out(error: TimeoutError, timeout_s: float) -> str:
    """Which of the deadlines it was."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "no connection within connect_timeout_s"
    if isinstance(error, aiohttp.SocketTimeoutError):
        return "nothing came for read_timeout_s"
    return f"no answer within {timeout_s:g} s"
