"""A verdict as text for a terminal. Pure."""

from collections.abc import Iterator

from ingest.verify.given import Given
from ingest.verify.times import moment
from ingest.verify.verdict import Verdict
from streams.settings.model import Source

WIDTH = 11
PROBLEMS_MAX = 50


def lines(source: Source, given: Given, verdict: Verdict, at_s: float) -> Iterator[str]:
    """What was looked at, the verdict, why and what to do, and what would be stored."""
    yield _line("source", f"{source.name} (platform {source.platform}, scheme {source.auth.scheme})")
    yield _line("request", f"{len(given.headers)} headers, {len(given.body)} bytes of body, judged at {moment(at_s)}")
    if verdict.reason is None:
        believed = "believed" if verdict.secret is None else f"signed or sent with {verdict.secret}"
        yield _line("verdict", f"OK: ingest would answer 200 ({believed})")
    else:
        yield _line("verdict", f"REFUSED: ingest would answer {verdict.status} {verdict.reason}")
        if verdict.secret is not None:
            yield _line("secret", f"{verdict.secret} is the right one")
    for finding in verdict.findings:
        yield _line("why", finding.why)
        if finding.do:
            yield _line("do", finding.do)
    yield _line("order key", _clean(verdict.key))
    yield _line("event", _clean(verdict.event))
    for problem in verdict.problems[:PROBLEMS_MAX]:
        yield _line("problem", f"{_clean(problem.field)}: {_clean(problem.message)}")


def _line(name: str, text: str) -> str:
    return f"{name:<{WIDTH}}{text}"


def _clean(text: str) -> str:
    """What the sender chose may not move the cursor or colour the screen."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
