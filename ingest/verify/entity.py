"""The body as ingest would have it after the way, and what the headers say against the file. Pure."""

from collections.abc import Mapping, Sequence

from ingest.decode import decode, is_supported
from ingest.problems import Refusal
from ingest.verify.finding import Finding
from ingest.verify.spellings import BOM

Headers = Mapping[str, Sequence[str]]


def entity(headers: Headers, body: bytes, bytes_max: int) -> tuple[bytes, list[Finding]]:
    """The body unpacked where the headers say it is packed and the file is. Raises `Refusal`, as ingest does."""
    encoding = ",".join(headers.get("content-encoding", ())).strip().lower()
    if not is_supported(encoding):
        raise Refusal("unsupported-encoding")
    if len(body) > bytes_max:
        raise Refusal("body-too-large")
    if encoding in ("", "identity"):
        return body, []
    try:
        return decode(body, encoding, bytes_max), []
    except Refusal as refusal:
        if refusal.problem.reason == "body-too-large":
            raise
    note = f"Content-Encoding says {encoding}, and the file is not that: it is taken as the body already unpacked"
    return body, [Finding(note)]


def differences(headers: Headers, body: bytes) -> list[Finding]:
    """Signs that the file is not what was sent. `body` is as it lies in the file."""
    found = []
    length = headers.get("content-length", ("",))[0]
    if length.isascii() and length.isdigit() and len(length) < 20 and int(length) != len(body):
        why = f"Content-Length says {int(length)} bytes, and the file has {len(body)}"
        found.append(Finding(why, "save the body byte for byte: editors and shells add or drop a line break"))
    if body.startswith(BOM):
        found.append(Finding("the body begins with a byte order mark", "if an editor put it there, save without it"))
    if not body:
        found.append(Finding("the body is empty"))
    return found
