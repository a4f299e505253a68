"""What must hold before the first request: no door left open, no secret missing, no bound that cannot be kept."""

from pathlib import Path
from typing import Any

import pytest

from ingest.oauth.clients import clients
from ingest.sources import senders
from streams.settings import Settings, SettingsError, load

SECRET = {"scheme": "token", "secrets": ["env:S"]}


def settings(*sources: dict[str, Any], **ingest: Any) -> Settings:
    shops = [{"name": f"shop{number}", "platform": "selldone", **source} for number, source in enumerate(sources)]
    return Settings.model_validate({"ingest": ingest, "sources": shops})


def test_a_source_without_auth_is_no_configuration() -> None:
    """`auth` must be written, even where it is `none`."""
    with pytest.raises(ValueError, match="auth"):
        settings({})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_no_authentication_off_loopback_is_refused(host: str) -> None:
    """Also where the settings were not checked on their way here."""
    open_door = settings({"auth": {"scheme": "none"}}, host=host)
    with pytest.raises(SettingsError, match=r"sources\.shop0\.auth: anyone on the network could send orders"):
        senders(open_door, {})


@pytest.mark.parametrize(
    "open_door",
    [
        settings({"auth": {"scheme": "none"}}, host="127.0.0.1"),
        settings({"auth": {"scheme": "none"}, "allow_unauthenticated": True}, host="0.0.0.0"),
        settings({"auth": {"scheme": "none"}}, host="0.0.0.0", allow_unauthenticated=True),
    ],
)
def test_no_authentication_on_loopback_or_asked_for_twice_is_allowed(open_door: Settings) -> None:
    """A choice that was made in writing."""
    assert list(senders(open_door, {})) == ["shop0"]


def test_every_mistake_is_told_at_once() -> None:
    """Two missing secrets, an unknown platform and a bound that no record can keep: four lines."""
    wrong = settings(
        {"auth": {"scheme": "bearer", "secrets": ["env:A"]}},
        {"auth": {"scheme": "basic", "secrets": ["file:not/there"]}},
        {"auth": SECRET, "platform": "nobody"},
        {"auth": SECRET},
        max_body_bytes=64 * 1024 * 1024,
    )
    with pytest.raises(SettingsError) as raised:
        senders(wrong, {"S": "x"})
    told = "\n".join(str(mistake) for mistake in raised.value.mistakes)
    assert len(raised.value.mistakes) == 4
    for word in ("env:A", "file:not/there", "sources.shop2.platform", "ingest.max_body_bytes"):
        assert word in told


TWO_WITH_ONE_CLIENT = """
[[sources]]
name = "orders"
platform = "selldone"
auth = { scheme = "oauth2", client_id = "acme", secrets = ["env:S"] }
[[sources]]
name = "shipments"
platform = "selldone"
auth = { scheme = "oauth2", client_id = "acme", secrets = ["env:S"] }
"""


def test_a_client_of_two_sources_is_a_mistake(tmp_path: Path) -> None:
    """The token endpoint has one URL: only the client's id says which source a token is for."""
    file = tmp_path / "orderlog.toml"
    file.write_text(TWO_WITH_ONE_CLIENT)
    with pytest.raises(SettingsError) as raised:
        load(file, {})
    (mistake,) = raised.value.mistakes
    assert f"{mistake}".startswith(f"{file}:9: sources[1].auth.client_id: an earlier source has this client too")


def test_a_client_of_two_sources_is_refused_at_the_start_too() -> None:
    """Also where the settings were not checked on their way here."""
    auth = {"scheme": "oauth2", "client_id": "acme", "secrets": ["env:S"]}
    with pytest.raises(SettingsError, match=r"sources\.shop1\.auth\.client_id"):
        clients(settings({"auth": auth}, {"auth": auth}), {"S": "x"})
