"""Who may fetch a token, from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.auth.access_token import signing_keys
from streams.settings import Settings, SettingsError
from streams.settings.auth import OAuth2
from streams.settings.errors import Mistake
from streams.settings.secrets import resolve


@dataclass(frozen=True, slots=True)
class Client:
    """A client of one source. `scope`: the words that it may ask for, in the order of the settings; None: any.

    `keys` sign its tokens, each derived from the secret at the same place.
    """

    source: str
    client_id: str
    secrets: tuple[bytes, ...] = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    scope: tuple[str, ...] | None
    token_ttl_s: int


def clients(settings: Settings, environ: Mapping[str, str]) -> dict[str, Client]:
    """The clients by id. Raises `SettingsError`: a secret that cannot be had, an id that two sources have."""
    found: dict[str, Client] = {}
    for source in settings.sources:
        if not isinstance(source.auth, OAuth2):
            continue
        auth = source.auth
        if auth.client_id in found:
            key = f"sources.{source.name}.auth.client_id"
            raise SettingsError([Mistake("", key, "is another source's too", "give each source a client of its own")])
        secrets = tuple(resolve(ref, environ) for ref in auth.secrets)
        scope = None if auth.scope is None else tuple(dict.fromkeys(auth.scope.split()))
        found[auth.client_id] = Client(
            source.name, auth.client_id, secrets, signing_keys(secrets), scope, auth.token_ttl_s
        )
    return found
