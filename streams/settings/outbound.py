"""How our own requests go out, the same for a target and for a poll: deadlines, TLS, allowed addresses."""

from typing import Annotated, Protocol, Self

from pydantic import Field, StringConstraints, model_validator

from streams.settings.section import Section

FileRef = Annotated[str, StringConstraints(pattern=r"^file:.+$")]
# How long name, connection and TLS handshake may take together; never longer than timeout_s, which is over all.
ConnectTimeout = Annotated[float, Field(gt=0, le=60)]
# How long nothing may come once the request is sent; unset: as timeout_s.
ReadTimeout = Annotated[float, Field(gt=0, le=300)]
CONNECT_TIMEOUT_S = 5.0


class Tls(Section):
    """PEM files. `ca`: these alone are trusted, and not what the system trusts. `client_cert`: ours, chain included."""

    ca: FileRef | None = None
    client_cert: FileRef | None = None
    client_key: FileRef | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.client_cert is None) != (self.client_key is None):
            raise ValueError("client_cert and client_key go together: set both, or neither")
        if self.ca is None and self.client_cert is None:
            raise ValueError("says nothing: set ca, or client_cert and client_key, or leave it out")
        return self


class Outbound(Protocol):
    """What `Target` and `Poll` have in common.

    `allow_private`: addresses of private networks (and of this machine) may be connected to. `allow_plain_http`:
    credentials may go out unencrypted.
    """

    @property
    def base_url(self) -> str: ...
    @property
    def auth(self) -> object: ...
    @property
    def allow_private(self) -> bool: ...
    @property
    def allow_plain_http(self) -> bool: ...
    @property
    def tls(self) -> Tls | None: ...
    @property
    def connect_timeout_s(self) -> float: ...
    @property
    def read_timeout_s(self) -> float | None: ...
    @property
    def timeout_s(self) -> float: ...
