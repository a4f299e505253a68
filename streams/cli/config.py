"""`orderlog config`: what holds after file, environment and defaults."""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from streams.cli import toml
from streams.settings import Settings, SettingsError, check_secrets, find, load
from streams.settings.secrets import KEYS, mask, resolve


def command(
    check: Annotated[bool, typer.Option("--check", help="Only say whether all is right, secrets included.")] = False,
) -> None:
    """Show the effective settings as TOML, secrets masked. Exit code 2 where they are wrong."""
    file = find(None, os.environ)
    if check:
        check_secrets(None, os.environ)
        typer.echo(f"{file or 'no file: the defaults'}: right")
        return
    settings = load(None, os.environ)
    typer.echo(
        f"# from {file or 'the defaults'}, overridden by the environment\n" + render(settings, os.environ), nl=False
    )


def render(settings: Settings, environ: Mapping[str, str]) -> str:
    """The settings as TOML; each line with a secret says whether it can be had."""
    data = settings.model_dump(mode="json", by_alias=True)

    def note(value: Any) -> str:
        missing = [ref for ref in _references(value) if not _resolves(ref, environ)]
        return f"not to be had: {', '.join(missing)}" if missing else ""

    return toml.dumps(_masked(data), note)


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, key) for item in value]
    return mask(value) if key in KEYS and isinstance(value, str) else value


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(("env:", "file:")):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _resolves(ref: str, environ: Mapping[str, str]) -> bool:
    try:
        resolve(ref, environ)
    except SettingsError:
        return False
    return True
