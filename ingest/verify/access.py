"""Why an access token is not believed, in words. Pure."""

from collections.abc import Mapping, Sequence

from ingest.auth import AuthError, Presented
from ingest.auth.access_token import oauth2, parse
from ingest.verify import borne
from ingest.verify.finding import Finding
from ingest.verify.keys import Secret
from ingest.verify.times import moment, said
from streams.settings.auth import Bearer, OAuth2

FETCH = "the sender fetches one by POST /oauth/token and sends it as Authorization: Bearer …"


def explain(
    auth: OAuth2,
    presented: Presented,
    secrets: Sequence[Secret],
    others: Mapping[str, tuple[str, Sequence[bytes]]],
    at_s: float,
) -> list[Finding]:
    """What is wrong, of a request that is not believed. `others`: source → client id and secrets of its client."""
    tokens = [place.text for place in borne.places(presented) if place.name == borne.BEARER and place.text]
    if tokens:
        return _of_token(tokens[0], presented, secrets, others, at_s)
    found = [Finding("there is no Authorization: Bearer …", FETCH)]
    as_bearer = borne.explain(Bearer(scheme="bearer", secrets=auth.secrets), presented, secrets)
    return found + [Finding(f"{finding.why} (the client's secret)", FETCH) for finding in as_bearer[1:]]


def _of_token(
    token: str,
    presented: Presented,
    secrets: Sequence[Secret],
    others: Mapping[str, tuple[str, Sequence[bytes]]],
    at_s: float,
) -> list[Finding]:
    for secret in secrets:
        if secret.raw.decode("utf-8", "surrogateescape") == token:
            return [Finding(f"this is the client's secret ({secret.label}), not an access token", FETCH)]
    try:
        expiry, _ = parse(token)
    except AuthError:
        return [Finding("this is not an access token of Orderlog's", FETCH)]
    late_s = at_s - int(expiry)
    for source, (client_id, known) in others.items():
        try:
            oauth2(known, source, client_id)(presented, 0.0)
        except AuthError:
            continue
        return [Finding(f"the token was issued for the source {source}", "give each source a client of its own")]
    if late_s >= 0:
        expired = f"the token expired {said(late_s)} before the time of this check ({moment(int(expiry))})"
        return [
            Finding(expired, "the sender fetches another; a request from a file: check it at the time it came, --at")
        ]
    why = "the token was not issued for this source and client, or under a secret that is not configured any more"
    return [Finding(why, FETCH)]
