"""Secrets are named in the configuration and looked up where they are used; nothing here ever prints one."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from streams.settings.errors import Mistake, SettingsError
from streams.settings.model import Settings

MASK = "***"
# The settings that hold references, wherever they stand; `url` is the alerts' webhook, which is a secret as a whole.
KEYS = frozenset({"secrets", "token", "password", "client_secret", "refresh_token", "url"})
# A bundle of certificates is larger than any secret.
SECRET_BYTES_MAX = 4 * 1024 * 1024


def resolve(ref: str, environ: Mapping[str, str]) -> bytes:
    """The secret that `env:NAME` or `file:PATH` names; of a file, one trailing newline is dropped.

    Raises `SettingsError`, which names the reference and never the secret.
    """
    kind, _, name = ref.partition(":")
    if kind == "env":
        return _from_environment(name, environ)
    if kind == "file":
        return _from_file(name)
    raise SettingsError([Mistake("", "", "a secret is not a reference", "write env:NAME or file:PATH")])


def mask(ref: str) -> str:
    """How a reference is shown: the reference itself says where the secret is, so only what is not one is hidden."""
    return ref if ref.startswith(("env:", "file:")) else MASK


def references(settings: Settings) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every secret that the settings name, with the path of the setting that names it."""
    for number, source in enumerate(settings.sources):
        for place, ref in enumerate(getattr(source.auth, "secrets", ())):
            yield ("sources", number, "auth", "secrets", place), ref
        if source.poll is not None:
            for field in KEYS:
                if isinstance(ref := getattr(source.poll.auth, field, None), str):
                    yield ("sources", number, "poll", "auth", field), ref
    for number, target in enumerate(settings.targets):
        for field in ("token", "password", "client_secret"):
            if (ref := getattr(target.auth, field, None)) is not None:
                yield ("targets", number, "auth", field), ref
    if settings.alerts is not None:
        yield ("alerts", "url"), settings.alerts.url
    if settings.projections.token is not None:
        yield ("projections", "token"), settings.projections.token
    for name, ref in settings.projections.operators.items():
        yield ("projections", "operators", name), ref


def _from_environment(name: str, environ: Mapping[str, str]) -> bytes:
    value = environ.get(name)
    if not value:
        raise SettingsError([Mistake("", f"env:{name}", "the variable is not set or empty", f"set {name}")])
    return value.encode("utf-8", "surrogateescape")


def _from_file(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            value = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise SettingsError([Mistake("", f"file:{name}", f"cannot be read ({problem})", "check the path")]) from None
    if len(value) > SECRET_BYTES_MAX:
        raise SettingsError([Mistake("", f"file:{name}", f"is larger than {SECRET_BYTES_MAX} bytes", "check the path")])
    value = value.removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        raise SettingsError([Mistake("", f"file:{name}", "the file is empty", "put the secret into it")])
    return value
