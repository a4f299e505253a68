"""What a request presents, what a verifier is, and how it says no. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


class AuthError(Exception):
    """The request is not believed. `reason` is stable and tells nothing about the secret.

    A reason that ends in `missing` or `malformed` is 401 (nothing readable was presented), and so is an access token
    that can be replaced by another (`token-invalid`, `token-stale`); all others are 403.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Presented:
    """A request as the verifiers see it. `body` is the entity as its sender signed it; header names are in lower case.

    Every value of a repeated header or query parameter is there, in the order it came.
    """

    body: bytes = b""
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    path_token: str | None = None

    def one(self, header: str, what: str) -> str:
        """The header's only value. Raises `AuthError`: `<what>-missing`, or `<what>-malformed` where it is repeated."""
        values = self.headers.get(header, ())
        if not values or not values[0]:
            raise AuthError(f"{what}-missing")
        if len(values) > 1:
            raise AuthError(f"{what}-malformed")
        return values[0]


# Returns when the request is believed, else raises `AuthError`. `now_s`: seconds since the epoch.
Check = Callable[[Presented, float], None]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A source's check, and the places where its credentials travel: what lies there is never stored.

    `reads_path`: the URL's last segment is a token. `travelling`: secrets that come with each request, as text, so that
    they can be cut out wherever else they turn up (a `Referer` that holds the URL). `challenge`: the `WWW-Authenticate`
    of a 401, where HTTP has a name for the scheme. `message_id`: the header with the sender's own id of the message,
    where the check covers it: a request that is believed has one, and it is signed.
    """

    check: Check
    credential_headers: frozenset[str] = frozenset()
    credential_query: frozenset[str] = frozenset()
    reads_path: bool = False
    travelling: tuple[str, ...] = field(default=(), repr=False)
    challenge: str | None = None
    message_id: str | None = None
