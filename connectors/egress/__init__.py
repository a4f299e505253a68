"""The only way out: every HTTP session to a target, a token endpoint or a polled API is opened here."""

from connectors.egress.guard import RefusedAddress
from connectors.egress.reasons import network_error, timed_out
from connectors.egress.session import KEEPALIVE_S, USER_AGENT, check_files, open_session

__all__ = [
    "KEEPALIVE_S",
    "USER_AGENT",
    "RefusedAddress",
    "check_files",
    "network_error",
    "open_session",
    "timed_out",
]
