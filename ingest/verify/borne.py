"""Why a token, or credentials, that travel with the request are not believed, in words. Pure."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus

from ingest.auth import Presented
from ingest.auth.compare import any_secret
from ingest.auth.tokens import AUTHORIZATION, TOKEN_HEADER, TOKEN_QUERY
from ingest.verify.finding import Finding
from ingest.verify.keys import Secret
from streams.settings import auth as schemes

Borne = schemes.Bearer | schemes.Basic | schemes.Token

BEARER, BASIC, PATH = "Authorization: Bearer …", "Authorization: Basic …", "the last segment of the path"
COMPARE = "compare the secret with the one at the sender"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in the request, and the text."""

    name: str
    text: str = field(repr=False)


def explain(auth: Borne, presented: Presented, secrets: Sequence[Secret]) -> list[Finding]:
    """What is wrong, of a request that is not believed."""
    found = list(places(presented))
    wanted = reads(auth)
    read = [place for place in found if place.name in wanted and place.text]
    misplaced = [place for place in found if place.name not in wanted and _is_right(place.text, secrets)]
    told = [Finding(f"nothing stands where this source reads: {' or '.join(wanted)}")] if not read else []
    told += [
        Finding(f"what is right stands in the wrong place: {place.name}", f"send it as {' or '.join(wanted)}")
        for place in misplaced
    ]
    told += [finding for place in read for finding in _almost(place, secrets)]
    if isinstance(auth, schemes.Basic):
        told += [*_pairs(read, secrets)]
    return told or [Finding(f"what stands in {read[0].name} is not {_labels(secrets)}, nor nearly so", COMPARE)]


def reads(auth: Borne | schemes.OAuth2) -> list[str]:
    """The places where the source looks."""
    match auth:
        case schemes.Bearer() | schemes.OAuth2():
            return [BEARER]
        case schemes.Basic():
            return [BASIC]
        case schemes.Token(header=None, query=None, path=False):
            return [_header(TOKEN_HEADER), _parameter(TOKEN_QUERY), PATH]
        case schemes.Token():
            named = (auth.header and _header(auth.header), auth.query and _parameter(auth.query), auth.path and PATH)
            return [place for place in named if place]


def places(presented: Presented) -> Iterator[Place]:
    """Every text of the request that could be a credential."""
    for name, values in presented.headers.items():
        for value in values:
            yield _authorization(value) if name == AUTHORIZATION else Place(_header(name), value)
    for name, values in presented.query.items():
        yield from (Place(_parameter(name), value) for value in values)
    if presented.path_token:
        yield Place(PATH, presented.path_token)


def _authorization(value: str) -> Place:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return Place(BEARER, rest.strip())
    if scheme.lower() == "basic":
        return Place(BASIC, _from_base64(rest.strip()) or "")
    return Place("Authorization without Bearer or Basic", value)


def _almost(place: Place, secrets: Sequence[Secret]) -> Iterator[Finding]:
    """What would be right, were it written a little differently, here or in the configuration."""
    text = place.text
    for name, other in (
        ("with white space around it", text.strip()),
        ("with quotes around it", text.strip().strip("\"'")),
        ("percent-encoded", unquote(text)),
        ("percent-encoded", unquote_plus(text)),
        ("with the word Bearer before it", text.removeprefix("Bearer ").strip()),
        ("in base64", _from_base64(text) or text),
    ):
        if other != text and _is_right(other, secrets):
            yield Finding(f"what stands in {place.name} is right, but {name}", "send it as it is")
            return
    for secret in secrets:
        known = secret.raw.decode("utf-8", "surrogateescape")
        tidy = known.strip().strip("\"'").strip()
        if known != tidy and any_secret((tidy.encode("utf-8", "surrogateescape"),), (text,)):
            yield Finding(
                f"{secret.label} has white space or quotes around it that the sender does not send", "cut them off"
            )
        elif known.casefold() == text.casefold():
            yield Finding(f"what stands in {place.name} differs from {secret.label} in capital letters only", COMPARE)


def _pairs(read: Sequence[Place], secrets: Sequence[Secret]) -> Iterator[Finding]:
    """Of Basic, user and password apart."""
    for secret in secrets:
        user, colon, _ = secret.raw.partition(b":")
        if not colon:
            yield Finding(f"{secret.label} has no colon", "a secret of the scheme basic is user:password")
        elif any(any_secret((user,), (place.text.partition(":")[0],)) for place in read):
            yield Finding(f"the user is that of {secret.label}, the password is not", COMPARE)


def _is_right(text: str, secrets: Sequence[Secret]) -> bool:
    return bool(text) and any_secret([secret.raw for secret in secrets], (text,))


def _labels(secrets: Sequence[Secret]) -> str:
    return " or ".join(secret.label for secret in secrets)


def _from_base64(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, binascii.Error):
        return None


def _header(name: str) -> str:
    return f"the header {name.lower()}"


def _parameter(name: str) -> str:
    return f"the query parameter {name}"
