"""The settings of a Quickbutik shop: the page's example loads, and each mistake has its line and mending."""

import re
from pathlib import Path

import pytest

from streams.settings import SettingsError, load
from streams.settings.model import Settings

PAGE = Path(__file__).parents[2] / "docs" / "platforms" / "quickbutik.md"


def example() -> str:
    """The settings that the page shows."""
    (found,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "orderlog.toml"
    file.write_text(text)
    return load(file, {})


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    """Who copies it must not begin with a mistake of ours."""
    settings = loaded(tmp_path, example())
    assert settings.source("quickbutik").fetch_from == "quickbutik-api"


def test_retries_and_breaker_are_the_kind_s_own(tmp_path: Path) -> None:
    """The seed's three retries for the fetch; the other target keeps its own five."""
    settings = loaded(tmp_path, example())
    api, external = settings.target("quickbutik-api"), settings.target("external")
    assert (api.retry_delays_s, api.breaker.failures) == ((1, 2, 3), 3)
    assert (external.retry_delays_s, external.breaker.failures) == ((0, 1, 2, 5, 10), 10)
    assert api.breaker.failures <= len(api.retry_delays_s), "an outage opens it before anything is given up"


@pytest.mark.parametrize("host", ["127.0.0.1:8091", "localhost:8091", "[::1]:8091"])
def test_a_stand_in_on_this_machine_may_be_plain(tmp_path: Path, host: str) -> None:
    """Tests and the demo have no certificate."""
    loaded(tmp_path, example().replace("https://api.quickbutik.com", f"http://{host}"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "https://api.",
            "http://api.",
            "targets[0].base_url: must be https: quickbutik takes its key over",
        ),
        (
            'from = ["quickbutik"]',
            'from = ["quickbutik", "acme"]',
            "routes[0].to[1]: the target quickbutik-api is told of its own shop's orders only, not of those of acme",
        ),
        ('fetch_from = "quickbutik-api" ', "# ", "sources[0].fetch_from: is required: a webhook of quickbutik says"),
        ('fetch_from = "quickbutik-api"', 'fetch_from = "external"', "sources[0].fetch_from: no target named external"),
        ("Europe/Stockholm", "Europe/Stokholm", "sources[0].options.time_zone: is not a time zone"),
        ('"env:QUICKBUTIK_API_KEY"', '"sk_live"', "targets[0].auth.password: a secret must not be written"),
        ('kind = "quickbutik"', 'kind = "quickbutic"', "targets[0].kind: should be 'commerceos', 'external', "),
    ],
)
def test_a_mistake_is_told_once_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A key over plain HTTP, an order that nobody fetches: found at the start, not at the first order."""
    text = example()
    assert old in text
    found = mistakes(tmp_path, text.replace(old, new))
    assert len([line for line in found if line.split(": ", 1)[1].startswith(said)]) == 1, found
    assert all("default factory" not in line for line in found)
