"""Who asks: kept with what is asked, so that others find the person."""

import getpass

import typer

WHO_CHARS_MAX = 200


def who_asks(given: str | None) -> str:
    """The one who is named, else the user of this process. Raises `typer.BadParameter`: nobody, or too long a name."""
    try:
        name = (given if given is not None else getpass.getuser()).strip()
    except (KeyError, OSError):  # a container's user may have none
        name = ""
    if not name:
        raise typer.BadParameter("say who asks: this user has no name", param_hint="--who")
    if len(name) > WHO_CHARS_MAX:
        raise typer.BadParameter(f"{len(name)} characters, {WHO_CHARS_MAX} at most", param_hint="--who")
    return name
