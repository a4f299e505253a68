"""One request, judged as ingest judges it, and why. Pure: the settings' secrets have been looked up."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ingest.auth import AuthError, Presented, verifier_of
from ingest.problems import INVALID_ORDER, PROBLEMS, Refusal
from ingest.record import Request, event_name, order_key
from ingest.sources import Sender, sender_of
from ingest.verify import access, borne, shapes, signed
from ingest.verify.entity import differences, entity
from ingest.verify.finding import Finding
from ingest.verify.given import Given
from ingest.verify.keys import Secret
from ingest.verify.scheme import expected_of
from streams.platforms import Identity, Problem
from streams.settings import Settings, SettingsError
from streams.settings import auth as schemes
from streams.settings.model import Source
from streams.settings.secrets import resolve

# The body was not read to its end, so nothing can be said of what is signed.
_UNREAD = ("body-too-large", "unsupported-encoding")
_NONE: Sequence[Problem] = ()
NO_KEY = "its receipt's id (the webhook names no order)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` and `status` are of the answer that ingest would give; None and 200: it would store the webhook.

    `secret`: the one that matched, or would if what the findings say were mended. `key`, `event`: under which it would
    be stored. `problems`: what validation says.
    """

    reason: str | None
    status: int
    findings: Sequence[Finding]
    secret: str | None
    key: str
    event: str
    problems: Sequence[Problem]


def judge(source: Source, settings: Settings, environ: Mapping[str, str], given: Given, at_s: float) -> Verdict:
    """The verdict. Raises `SettingsError`, `Unreadable`."""
    sender = sender_of(source, settings, environ)
    method = given.method or sender.platform.METHODS[0]
    body, notes, refused = given.body, [*differences(given.headers, given.body)], None
    try:
        body, more = entity(given.headers, given.body, settings.ingest.max_body_bytes)
        notes += more
    except Refusal as refusal:
        refused = refusal.problem.reason
    request = Request(method, given.headers, given.query_fields, body)
    presented = Presented(body, given.headers, request.query, given.path_token(source.name))
    if method not in sender.methods:
        refused = "method-not-allowed"
        notes.insert(0, Finding(f"webhooks of {sender.platform.NAME} come by {' or '.join(sorted(sender.methods))}"))
    denied = _denied(sender, presented, at_s)
    known = secrets_of(source, environ)
    findings: list[Finding] = []
    secret: str | None = None
    if refused in _UNREAD:
        denied = refused
    elif denied is None:
        secret = _which(source, environ, presented, known, at_s)
    else:
        findings, secret = _why(source, settings, environ, presented, known, at_s)
    verdict = _stored(sender, request, refused or denied, [*findings, *(notes if refused or denied else [])])
    return replace(verdict, secret=secret)


def secrets_of(source: Source, environ: Mapping[str, str]) -> list[Secret]:
    """Each with the place where it is configured. Raises `SettingsError`."""
    refs: tuple[str, ...] = getattr(source.auth, "secrets", ())
    return [Secret(f"secrets[{number}] ({ref})", resolve(ref, environ)) for number, ref in enumerate(refs)]


def _denied(sender: Sender, presented: Presented, at_s: float) -> str | None:
    try:
        sender.verifier.check(presented, at_s)
    except AuthError as error:
        return error.reason
    return None


def _why(
    source: Source,
    settings: Settings,
    environ: Mapping[str, str],
    presented: Presented,
    known: Sequence[Secret],
    at_s: float,
) -> tuple[list[Finding], str | None]:
    auth = source.auth
    assert not isinstance(auth, schemes.NoAuth)  # it believes everyone
    if isinstance(auth, schemes.Bearer | schemes.Basic | schemes.Token):
        found = borne.explain(auth, presented, known)
        return found + shapes.shape(auth.scheme, _read_headers(auth), presented.headers), None
    if isinstance(auth, schemes.OAuth2):
        found = access.explain(auth, presented, known, _other_clients(source, settings, environ), at_s)
        return found + shapes.shape(auth.scheme, ("authorization",), presented.headers), None
    expected = expected_of(auth)
    found, match = signed.explain(expected, presented.headers, presented.body, known, at_s)
    if match is not None:
        return found, match.key.secret.label
    return [*found, *shapes.shape(auth.scheme, expected.headers, presented.headers)], None


def _read_headers(auth: borne.Borne) -> tuple[str, ...]:
    if isinstance(auth, schemes.Token):
        return ((auth.header or "x-orderlog-token").lower(),)
    return ("authorization",)


def _other_clients(
    source: Source, settings: Settings, environ: Mapping[str, str]
) -> dict[str, tuple[str, Sequence[bytes]]]:
    """Of those whose secrets can be had: this source can be checked without them."""
    found: dict[str, tuple[str, Sequence[bytes]]] = {}
    for other in settings.sources:
        if other.name != source.name and isinstance(other.auth, schemes.OAuth2):
            with suppress(SettingsError):
                found[other.name] = (other.auth.client_id, [secret.raw for secret in secrets_of(other, environ)])
    return found


def _which(
    source: Source, environ: Mapping[str, str], presented: Presented, known: Sequence[Secret], at_s: float
) -> str | None:
    """The first secret under which alone the request is believed."""
    for number, secret in enumerate(known):
        alone = source.auth.model_copy(update={"secrets": source.auth.secrets[number : number + 1]})  # type: ignore[union-attr]
        try:
            verifier_of(alone, environ, source.name).check(presented, at_s)
        except AuthError:
            continue
        return secret.label
    return None


def _stored(sender: Sender, request: Request, refused: str | None, findings: Sequence[Finding]) -> Verdict:
    identity, problems = Identity(None, None), _NONE
    try:
        identity = sender.platform.identify(request.body, request.last_query)
        problems = sender.platform.validate(request.body, request.last_query)
    except Exception as error:  # both promise not to raise; ingest keeps such a webhook, and so its verdict stands
        where = f"the reader of {sender.platform.NAME} failed ({type(error).__name__})"
        findings = [*findings, Finding(where, "this is a mistake in Orderlog: report it")]
    reason = refused or (INVALID_ORDER if problems else None)
    return Verdict(
        reason=reason,
        status=200 if reason is None else PROBLEMS[reason].status,
        findings=findings,
        secret=None,
        key=order_key(sender, identity, "").decode() or NO_KEY,
        event=event_name(identity),
        problems=problems,
    )
