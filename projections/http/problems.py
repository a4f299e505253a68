"""Every way to refuse a request, in one table: `reason` → status and what a person may read (RFC 9457). Pure."""

from typing import Any

import orjson

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
DETAIL_CHARS_MAX = 1000

# DESIGN section 8, a contract: stable.
TABLE: dict[str, tuple[int, str]] = {
    "query-invalid": (400, "A parameter is unknown here, or its value cannot be used."),
    "body-invalid": (400, "The body is not what this path takes."),
    "target-unknown": (400, "No target has this name."),
    "token-missing": (401, "The token is missing."),
    "token-malformed": (401, "The token cannot be read."),
    "token-mismatch": (403, "The token does not match."),
    "host-not-allowed": (403, "Without a token only requests to this machine's own name are answered."),
    "not-found": (404, "There is nothing at this path."),
    "dead-letter-unknown": (404, "No dead letter has this id."),
    "method-not-allowed": (405, "This method is not used here."),
    "request-timeout": (408, "The request did not arrive in time."),
    "dead-letter-closed": (409, "It waits for no decision any more."),
    "decided-otherwise": (409, "Something else was decided already, and waits to be taken up."),
    "selection-changed": (409, "What matches is no longer what was rehearsed; rehearse it again."),
    "body-too-large": (413, "The body is larger than is accepted."),
    "unsupported-media-type": (415, "The body must be application/json."),
    "internal-error": (500, "This should not have happened."),
    "refused": (502, "Kafka refuses, or the answer would be too large."),
    "broker-unavailable": (503, "Kafka does not answer; ask again."),
    "overloaded": (503, "Too many requests at once; ask again."),
}


class Refusal(Exception):
    """This request is refused. `more` are further members of the answer; `allow`: the methods, of a 405."""

    def __init__(self, reason: str, detail: str = "", *, allow: str | None = None, **more: Any) -> None:
        super().__init__(reason)
        self.reason, self.allow = reason, allow
        self.status, title = TABLE[reason]
        fields = {"type": "about:blank", "title": title, "status": self.status, "reason": reason}
        told = {"detail": _cut(detail)} if detail else {}
        self.body = orjson.dumps(fields | told | more)

    @property
    def headers(self) -> dict[str, str]:
        found = {"Content-Type": CONTENT_TYPE}
        if self.status == 503:
            found["Retry-After"] = str(RETRY_AFTER_S)
        if self.status == 401:
            found["WWW-Authenticate"] = 'Bearer realm="Orderlog"'
        if self.allow is not None:
            found["Allow"] = self.allow
        return found


def _cut(text: str) -> str:
    short = text if len(text) <= DETAIL_CHARS_MAX else f"{text[: DETAIL_CHARS_MAX - 1]}…"
    return short.encode("utf-8", "replace").decode()
