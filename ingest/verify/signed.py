"""Why a signature is not believed, in words. Pure."""

from collections.abc import Mapping, Sequence

from ingest.verify import macs
from ingest.verify.finding import Finding
from ingest.verify.keys import PREFIX, Key, Secret
from ingest.verify.scheme import Expected
from ingest.verify.search import Match, Searched, search
from ingest.verify.times import staleness

Headers = Mapping[str, Sequence[str]]

EXACT = "sign and send the same bytes; if it was this file's making, save the body byte for byte (curl --data-binary)"


def explain(
    expected: Expected, headers: Headers, body: bytes, secrets: Sequence[Secret], at_s: float
) -> tuple[list[Finding], Match | None]:
    """What is wrong, and the combination that fits, where there is one. No findings: nothing is."""
    found = [*_absent(expected, headers), *_repeated(expected, headers)]
    values = headers.get(expected.header)
    if not values or not values[0]:
        return [*found, *_elsewhere(expected, headers, body, secrets)], None
    searched = search(expected, values[0], headers, body, secrets)
    if searched.match is not None:
        found += deviations(expected, searched.match)
    else:
        found += [*_shape(expected, values[0]), _no_match(expected, searched, secrets)]
    return [*found, *staleness(expected, headers, at_s)], searched.match


def deviations(expected: Expected, match: Match) -> list[Finding]:
    """How the combination that fits differs from what the scheme expects."""
    found = _of_mac(expected, match)
    if match.message.name:
        do = "" if expected.message == "body" else "check which scheme this sender uses"
        found.append(
            Finding(f"the signature is over {match.message.name}; {expected.scheme} signs {_signs(expected)}", do)
        )
    if match.spelling.name:
        found.append(
            Finding(f"the signature is right for the body {match.spelling.name}, not for the bytes given", EXACT)
        )
    return found + _of_key(expected, match.key)


def _of_mac(expected: Expected, match: Match) -> list[Finding]:
    found = []
    mac = match.mac
    if mac.prefix != expected.prefix:
        there, wanted = (f'"{text}"' if text else "nothing" for text in (mac.prefix, expected.prefix))
        do = f'set prefix = "{mac.prefix}"' if expected.scheme == "hmac" else ""
        found.append(Finding(f"{there} stands before the signature, where {wanted} is expected", do))
    if mac.encoding != expected.encoding:
        do = f'set encoding = "{mac.encoding}"' if expected.scheme == "hmac" else f"send it as {expected.encoding}"
        found.append(Finding(f"the signature is written in {mac.encoding}, and {expected.encoding} is expected", do))
    if mac.algorithm != expected.algorithm:
        do = f'set algorithm = "{mac.algorithm}"' if expected.scheme == "hmac" else ""
        found.append(Finding(f"the signature is HMAC-{mac.algorithm.upper()}, not {expected.algorithm.upper()}", do))
    return found


def _of_key(expected: Expected, key: Key) -> list[Finding]:
    found, label = [], key.secret.label
    if key.tidied:
        found.append(
            Finding(f"{label} has white space or quotes around it that are no part of the key", "cut them off")
        )
    if key.reading == expected.key:
        return found
    why = f"the signature was made with {label} read as {key.reading}, and it is configured as {expected.key}"
    return [*found, Finding(why, _mend_key(expected, key))]


def _mend_key(expected: Expected, key: Key) -> str:
    if expected.scheme == "duda-hmac" and key.reading in ("utf-8", "base64"):
        return f'set key_encoding = "{key.reading}"'
    if expected.scheme == "standard-webhooks" and key.reading.startswith("utf-8"):
        return f"put base64 of the key into the secret, after {PREFIX.decode()}"
    return (
        "put the key itself into the secret"
        if expected.key == "utf-8"
        else f"put {expected.key} of the key into the secret"
    )


def _signs(expected: Expected) -> str:
    return "the body alone" if expected.message == "body" else expected.message.replace(".", ", a dot, ")


def _absent(expected: Expected, headers: Headers) -> list[Finding]:
    return [
        Finding(f"the header {name} is {'empty' if headers.get(name) else 'missing'}", "")
        for name in expected.headers
        if not headers.get(name, ("",))[0]
    ]


def _repeated(expected: Expected, headers: Headers) -> list[Finding]:
    return [
        Finding(f"the header {name} is there {len(values)} times", "send it once: nobody can say which one counts")
        for name in expected.headers
        if len(values := headers.get(name, ())) > 1
    ]


def _elsewhere(expected: Expected, headers: Headers, body: bytes, secrets: Sequence[Secret]) -> list[Finding]:
    """A right signature in another header."""
    for name, values in headers.items():
        if name in expected.headers or not macs.readings(values[0]):
            continue
        match = search(expected, values[0], headers, body, secrets).match
        if match is not None:
            do = f'set header = "{name}"' if expected.scheme == "hmac" else "check which scheme this sender uses"
            where = Finding(f"the header {name} holds a signature that {match.key.secret.label} made", do)
            return [where, *deviations(expected, match)]
    return []


def _shape(expected: Expected, text: str) -> list[Finding]:
    """Said only where nothing fits: the text as it stands cannot be the MAC that is expected."""
    readings = macs.readings(text, expected.prefix)
    if any(_as_expected(expected, mac) for mac in readings):
        return []
    wanted = f"{expected.encoding} of HMAC-{expected.algorithm.upper()}"
    wanted = f'"{expected.prefix}" and {wanted}' if expected.prefix else wanted
    if not readings:
        return [Finding(f"{expected.header} cannot be read as a signature at all; {wanted} is expected")]
    read = " or ".join(dict.fromkeys(f"{mac.encoding} of {mac.algorithm.upper()}" for mac in readings))
    return [Finding(f"{expected.header} looks like {read}; {wanted} is expected")]


def _as_expected(expected: Expected, mac: macs.Mac) -> bool:
    return (mac.prefix, mac.encoding, mac.algorithm) == (expected.prefix, expected.encoding, expected.algorithm)


def _no_match(expected: Expected, searched: Searched, secrets: Sequence[Secret]) -> Finding:
    labels = " nor ".join(secret.label for secret in secrets)
    tried = f"{searched.tried} combinations of key, body and message tried"
    if not searched.complete:
        tried += ", not all: the body is large"
    why = f"the signature was not made with {labels} ({tried})" if searched.tried else f"nothing was made with {labels}"
    return Finding(
        why, "compare the secret with the one at the sender; or the body given is not the one that was signed"
    )
