"""`orderlog verify SOURCE --headers FILE --body FILE`."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingest.verify import given, show
from ingest.verify.verdict import judge
from streams.settings import Settings
from streams.settings.model import Source

_MS_FROM = 10**11


def command(
    settings: Settings,
    source: Annotated[str, typer.Argument(help="The name of the source.")],
    headers: Annotated[Path, typer.Option(help="`Name: value` lines, what `curl -v` printed, or a JSON object.")],
    body: Annotated[Path, typer.Option(help="The body, byte for byte.")],
    query: Annotated[str | None, typer.Option(help="The query string, as in the URL.")] = None,
    at: Annotated[
        str | None, typer.Option(help="When it came: ISO 8601, or seconds since 1970. Now, if left out.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="The HTTP method, where the headers' file does not say it.")
    ] = None,
) -> None:
    """Say whether ingest would believe and store this webhook, and if not, why and what to do.

    A request line in the headers' file (`POST /webhooks/shop/token?x=1 HTTP/1.1`) counts too. No secret and no right
    signature is shown. Exit code 0: it would be stored; 1: refused; 2: this cannot be checked.
    """
    found = _source(settings, source)
    at_s = time.time() if at is None else _moment(at)
    try:
        request = given.read(headers, body, settings.ingest.max_body_bytes)
        request = replace(request, method=method.upper() if method else request.method)
        request = request if query is None else replace(request, query=query.removeprefix("?"))
        verdict = judge(found, settings, os.environ, request, at_s)
    except given.Unreadable as error:
        raise _cannot(str(error)) from None
    for line in show.lines(found, request, verdict, at_s):
        typer.echo(line)
    raise typer.Exit(0 if verdict.reason is None else 1)


def _source(settings: Settings, name: str) -> Source:
    try:
        return settings.source(name)
    except KeyError:
        known = ", ".join(source.name for source in settings.sources) or "there is none: add [[sources]]"
    raise _cannot(f"no source has the name {name}; sources: {known}")


def _moment(text: str) -> float:
    """A number of 12 digits or more is in milliseconds, as Duda sends them."""
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text) / (1000 if int(text) >= _MS_FROM else 1)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _cannot("--at is not a time: write 2026-11-21T15:00:00Z, or seconds since 1970") from None
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).timestamp()


def _cannot(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)
