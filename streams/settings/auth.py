"""The auth schemes of sources (inbound) and targets (outbound), as the file writes them. Secrets are references."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

# `env:NAME` or `file:PATH`; resolved by streams.settings.secrets, never printed.
SecretRef = Annotated[str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]
Secrets = Annotated[tuple[SecretRef, ...], Field(min_length=1, max_length=2)]


def _header_name(value: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", value):
        raise ValueError('is no name of an HTTP header, so no request could have it: write it as "x-signature"')
    return value


# A token of RFC 9110, 5.6.2.
HeaderName = Annotated[str, AfterValidator(_header_name)]


class Scheme(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class ApicbaseHmac(Scheme):
    """Hex HMAC-SHA256 over the raw body, or over the vendor's documented re-dump of it (seed 001)."""

    scheme: Literal["apicbase-hmac"]
    secrets: Secrets


class DudaHmac(Scheme):
    """base64 HMAC-SHA256 over `<timestamp>.<body>`; the timestamp is in milliseconds (PLATFORMS, Duda)."""

    scheme: Literal["duda-hmac"]
    secrets: Secrets
    key_encoding: Literal["utf-8", "base64"] = "utf-8"
    tolerance_s: float = Field(default=600, gt=0)


class StandardWebhooks(Scheme):
    """The Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature` (v1)."""

    scheme: Literal["standard-webhooks"]
    secrets: Secrets
    tolerance_s: float = Field(default=300, gt=0)


class Hmac(Scheme):
    """A plain HMAC over the raw body in a header of choice."""

    scheme: Literal["hmac"]
    secrets: Secrets
    header: HeaderName
    algorithm: Literal["sha256", "sha384", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""


class Bearer(Scheme):
    """`Authorization: Bearer <token>`."""

    scheme: Literal["bearer"]
    secrets: Secrets


class Basic(Scheme):
    """`Authorization: Basic`; each secret is `user:password`."""

    scheme: Literal["basic"]
    secrets: Secrets


class Token(Scheme):
    """A shared token in a header, a query parameter, or the last segment of the path: at most one of them is named.

    None named: `X-Orderlog-Token`, `?token=` and the path are all read.
    """

    scheme: Literal["token"]
    secrets: Secrets
    header: HeaderName | None = None
    query: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    path: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.header is not None) + (self.query is not None) + self.path > 1:
            raise ValueError("a token travels in one place: set one of header, query or path")
        return self


class OAuth2(Scheme):
    """OAuth2 client credentials (RFC 6749, 4.4): the sender fetches a token from our `/oauth/token` and bears it.

    `secrets` are the client's. `scope`: the words, separated by spaces, that it may ask for; unset: any.
    """

    scheme: Literal["oauth2"]
    client_id: str = Field(min_length=1, max_length=200)
    secrets: Secrets
    scope: str | None = None
    token_ttl_s: int = Field(default=3600, ge=60, le=24 * 60 * 60)


class NoAuth(Scheme):
    """No authentication; must be written out, and is refused off loopback unless `allow_unauthenticated`."""

    scheme: Literal["none"]


SourceAuth = Annotated[
    ApicbaseHmac | DudaHmac | StandardWebhooks | Hmac | Bearer | Basic | Token | OAuth2 | NoAuth,
    Field(discriminator="scheme"),
]


class TargetBearer(Scheme):
    scheme: Literal["bearer"]
    token: SecretRef


class TargetBasic(Scheme):
    """Without a `user` the password is both: some APIs take one key as user and as password (Quickbutik, seed 000)."""

    scheme: Literal["basic"]
    user: str | None = None
    password: SecretRef


class TargetOAuth2(Scheme):
    """Client credentials."""

    scheme: Literal["oauth2"]
    token_url: str
    client_id: str
    client_secret: SecretRef
    scope: str | None = None


TargetAuth = Annotated[TargetBearer | TargetBasic | TargetOAuth2 | NoAuth, Field(discriminator="scheme")]


class PollOAuth2Refresh(Scheme):
    """The authorization-code grant, done by a person once: `refresh_token` begins the chain of refreshed tokens."""

    scheme: Literal["oauth2-refresh"]
    token_url: str
    client_id: str
    client_secret: SecretRef
    refresh_token: SecretRef


PollAuth = Annotated[PollOAuth2Refresh | TargetOAuth2 | TargetBearer, Field(discriminator="scheme")]
