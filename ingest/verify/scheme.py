"""What a signature scheme expects of a request, as data: where the MAC is, how it is written, what it is over."""

from dataclasses import dataclass

from ingest.auth import duda, signatures, standard_webhooks
from streams.settings import auth as schemes

Signed = schemes.ApicbaseHmac | schemes.DudaHmac | schemes.StandardWebhooks | schemes.Hmac


@dataclass(frozen=True, slots=True)
class Expected:
    """`key`: the reading of the secret. `message`: `body`, `timestamp.body` or `id.timestamp.body`.

    `timestamp` is the header that has it, in `unit`s of 1/s (1: seconds, 1000: milliseconds).
    """

    scheme: str
    header: str
    encoding: str
    algorithm: str
    prefix: str
    key: str
    message: str
    timestamp: str | None = None
    unit: int = 1
    id: str | None = None
    tolerance_s: float | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        """All that must be there."""
        return tuple(name for name in (self.header, self.timestamp, self.id) if name is not None)


def expected_of(auth: Signed) -> Expected:
    """The scheme as it is configured."""
    match auth:
        case schemes.ApicbaseHmac():
            return Expected(auth.scheme, signatures.APICBASE_HEADER, "hex", "sha256", "", "utf-8", "body")
        case schemes.DudaHmac():
            return Expected(
                scheme=auth.scheme,
                header=duda.SIGNATURE,
                encoding="base64",
                algorithm="sha256",
                prefix="",
                key=auth.key_encoding,
                message="timestamp.body",
                timestamp=duda.TIMESTAMP,
                unit=1000,
                tolerance_s=auth.tolerance_s,
            )
        case schemes.StandardWebhooks():
            return Expected(
                scheme=auth.scheme,
                header=standard_webhooks.SIGNATURE,
                encoding="base64",
                algorithm="sha256",
                prefix="v1,",
                key="base64",
                message="id.timestamp.body",
                timestamp=standard_webhooks.TIMESTAMP,
                id=standard_webhooks.ID,
                tolerance_s=auth.tolerance_s,
            )
        case schemes.Hmac():
            return Expected(
                auth.scheme, auth.header.lower(), auth.encoding, auth.algorithm, auth.prefix, "utf-8", "body"
            )
