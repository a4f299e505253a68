"""Reads `orderlog.toml` and the environment into `Settings`, or says everything that is wrong, with its place."""

import tomllib
from collections.abc import Collection, Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from streams.settings import lines
from streams.settings.check import check
from streams.settings.environment import overlay
from streams.settings.errors import Mistake, SettingsError
from streams.settings.explain import explain
from streams.settings.model import Settings
from streams.settings.secrets import references, resolve
from streams.settings.tls import unusable

__all__ = ["SettingsError", "check_secrets", "find", "load"]

DEFAULT_NAME = "orderlog.toml"
FILE_BYTES_MAX = 1024 * 1024


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of `path` (else `ORDERLOG_CONFIG`, else ./orderlog.toml, else defaults), overridden by `environ`.

    Raises `SettingsError` with every mistake at once. Secrets stay references: see `check_secrets`.
    """
    return _read(path, environ)[0]


def check_secrets(
    path: Path | None,
    environ: Mapping[str, str],
    sections: Container[object] = ("sources", "targets", "projections", "alerts"),
) -> Settings:
    """As `load`, and every secret and TLS file named in these sections must be there. Raises `SettingsError`."""
    settings, places = _read(path, environ)
    mistakes: list[Mistake] = []
    for setting, ref in references(settings):
        if setting[0] not in sections:
            continue
        try:
            resolve(ref, environ)
        except SettingsError as error:
            mistakes.append(places.mistake(setting, f"{error}", ""))
    mistakes += [places.mistake(*finding) for finding in unusable(settings) if finding[0][0] in sections]
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file that `load` would read; None where there is none. One that was asked for need not exist."""
    if path is not None:
        return path
    if named := environ.get("ORDERLOG_CONFIG"):
        return Path(named)
    return Path(DEFAULT_NAME) if Path(DEFAULT_NAME).exists() else None


class _Places:
    """Which line or variable a setting comes from."""

    def __init__(self, file: Path | None, text: str, origins: Mapping[lines.Path, str]) -> None:
        self._file = file
        self._lines = lines.locate(text)
        self._origins = origins

    def mistake(self, path: lines.Path, what: str, mend: str) -> Mistake:
        return Mistake(self._where(path), _dotted(path), what, mend)

    def line(self, path: lines.Path) -> int:
        """The line that `path` is nearest to; 0 where it is not from the file."""
        if self._variable(path):
            return 0
        return next((self._lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self._lines), 0)

    def _where(self, path: lines.Path) -> str:
        if variable := self._variable(path):
            return variable
        return f"{self._file}:{self.line(path) or 1}" if self._file else ""

    def _variable(self, path: lines.Path) -> str | None:
        """What the environment has set, it has set whole: no line of the file speaks of anything in it."""
        return next((self._origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self._origins), None)


def _read(path: Path | None, environ: Mapping[str, str]) -> tuple[Settings, _Places]:
    file = find(path, environ)
    text = _text(file) if file else ""
    data = _parse(file, text)
    origins, mistakes = overlay(data, environ)
    places = _Places(file, text, origins)
    settings, findings = _validate(data)
    mistakes += [places.mistake(*finding) for finding in sorted(findings, key=lambda finding: places.line(finding[0]))]
    if mistakes:
        raise SettingsError(dict.fromkeys(mistakes))
    assert settings is not None
    return settings, places


def _validate(data: dict[str, Any]) -> tuple[Settings | None, list[tuple[lines.Path, str, str]]]:
    """The errors leave here as text: an exception that carried them on would carry the values too."""
    settings, findings = None, []
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        findings = explain(error.errors(include_url=False, include_input=False), data)
    return settings, findings + list(check(data, _platforms, _options))


def _platforms() -> Collection[str]:
    from streams.platforms import NAMES  # the decoders are needed only where a source is configured

    return NAMES


def _options(table: Mapping[str, Any], sources: frozenset[str]) -> Sequence[tuple[lines.Path, str, str]]:
    """What the source's platform has to say of its options; nothing where something else is wrong with the source."""
    from streams.platforms import NAMES, InvalidOptions, SourceConfig, platform_of

    name, platform, options = table.get("name"), table.get("platform"), table.get("options", {})
    if not isinstance(name, str) or str(platform) not in NAMES or not isinstance(options, Mapping):
        return ()
    try:
        platform_of(SourceConfig(name, str(platform), name, sources, options))
    except InvalidOptions as error:
        return error.problems
    return ()


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise SettingsError([Mistake(str(file), "", f"cannot be read ({error.strerror})", "check the path")]) from None
    if len(raw) > FILE_BYTES_MAX:
        raise SettingsError([Mistake(str(file), "", f"is larger than {FILE_BYTES_MAX} bytes", "check the path")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Mistake(f"{file}:{line}", "", "is not UTF-8", "save the file as UTF-8")
    else:
        return text.replace("\r\n", "\n")
    raise SettingsError([problem])


def _parse(file: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        line = place.removeprefix("line ").split(",")[0] if place.startswith("line") else str(text.count("\n") + 1)
        problem = Mistake(f"{file}:{line}", "", f"is not valid TOML: {what}", "strings need quotes, tables need [name]")
    raise SettingsError([problem])


def _dotted(path: lines.Path) -> str:
    """`("sources", 0, "auth")` → `sources[0].auth`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
