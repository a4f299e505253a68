"""Who calls. Default-deny: without a token in the settings only this machine is answered, and only by its own name."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from multidict import MultiMapping

from projections.http.problems import Refusal
from streams.settings import Settings, SettingsError
from streams.settings.addresses import is_loopback
from streams.settings.errors import Mistake
from streams.settings.secrets import resolve


@dataclass(frozen=True, slots=True)
class Caller:
    """`name`: of the operator whose token it was; None where a token is everybody's, or none is needed."""

    name: str | None


class Access:
    """Holds hashes of the tokens only. Raises `SettingsError` where a token cannot be had, or two are the same."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        reader = settings.projections
        named: list[tuple[str | None, str]] = [(name, ref) for name, ref in sorted(reader.operators.items())]
        if reader.token is not None:
            named.append((None, reader.token))
        self._tokens = [(hashlib.sha256(resolve(ref, environ)).digest(), Caller(name)) for name, ref in named]
        if len({digest for digest, _ in self._tokens}) < len(self._tokens):
            mend = "give each a token of its own: it says who decides"
            raise SettingsError([Mistake("", "projections.operators", "two of the tokens are the same", mend)])
        if not self._tokens and not is_loopback(reader.host):
            mend = 'set projections.token = "env:NAME", or bind projections.host to loopback'
            raise SettingsError([Mistake("", "projections.host", "anyone on the network could read every order", mend)])

    def caller(self, headers: MultiMapping[str]) -> Caller:
        """Raises `Refusal`."""
        authorization = headers.getall("Authorization", [])
        if not self._tokens:
            if not _is_this_machine(headers.get("Host")):  # a page whose name was made to lead here (DNS rebinding)
                raise Refusal("host-not-allowed")
            return Caller(None)
        if not authorization:
            raise Refusal("token-missing")
        scheme, _, token = authorization[0].partition(" ")
        if len(authorization) > 1 or scheme.lower() != "bearer" or not token.strip():
            raise Refusal("token-malformed")
        given = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        found: Caller | None = None
        for digest, caller in self._tokens:  # every one is tried, whichever fits
            if hmac.compare_digest(digest, given):
                found = caller
        if found is None:
            raise Refusal("token-mismatch")
        return found


def _is_this_machine(host: str | None) -> bool:
    try:
        name = urlsplit(f"//{host or ''}").hostname
    except ValueError:
        return False
    return name is not None and is_loopback(name)
