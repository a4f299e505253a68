"""`[sources.poll]` is checked at the start, each mistake with its line and how to mend it."""

from pathlib import Path

import pytest

from connectors.pollers.agents import agents
from streams import topics
from streams.settings import Settings, SettingsError, check_secrets, load

HEAD = """[[sources]]
name = "apicbase"
platform = "apicbase"
auth = { scheme = "apicbase-hmac", secrets = ["env:SECRET"] }
[sources.poll]
base_url = "https://api.example.com"
"""
AUTH = """[sources.poll.auth]
scheme = "oauth2-refresh"
token_url = "https://api.example.com/oauth/token/"
client_id = "id"
client_secret = "env:SECRET"
refresh_token = "env:REFRESH"
"""
ENVIRON = {"SECRET": "s", "REFRESH": "r"}


def loaded(tmp_path: Path, more: str, auth: str = AUTH) -> Settings:
    file = tmp_path / "orderlog.toml"
    file.write_text(HEAD + more + "\n" + auth)
    return load(file, {})


def refusal(tmp_path: Path, more: str, auth: str = AUTH) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(tmp_path, more, auth)
    return str(error.value)


def test_the_defaults_are_apicbase_s_list(tmp_path: Path) -> None:
    """What the vendor's reference says needs not be written out."""
    poll = loaded(tmp_path, "").sources[0].poll
    assert poll is not None
    names = (poll.path, poll.query, poll.page_parameter, poll.since_parameter, poll.results_field, poll.next_field)
    assert (
        "/api/v2/integrations/suppliers/purchase_orders/",
        {"status": "ORDERED"},
        "page",
        "ordered_on__gt",
        "results",
        "next",
    ) == names
    assert poll.rate_per_second * 60 <= 100, "the vendor lets 100 requests a minute pass"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('path = "api/orders"', "must be a path"),
        ('path = "//elsewhere.example.com/"', "must be a path"),
        ('path = "/orders?status=ORDERED"', "must be a path"),
        ('query = { page = "2" }', "query must not hold page"),
        ('query = { ordered_on__gt = "2026" }', "query must not hold ordered_on__gt"),
        ('since_parameter = "page"', "must differ"),
        ('since_format = "epoch"', "'datetime' or 'date'"),
        ("interval_s = 0", "greater than 0"),
        ("rate_per_second = -1", "greater than 0"),
        ("pages_max = 0", "greater than or equal to 1"),
        ('start_at = "yesterday"', "datetime"),
        ('base_url = "api.example.com"', ""),
        ("interval = 60", "did you mean interval_s?"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, more: str, says: str) -> None:
    """A poller that asks the wrong question asks it for ever, and nobody sees an order missing."""
    text = refusal(tmp_path, more)
    assert says in text
    assert "orderlog.toml:" in text


def test_a_base_url_with_credentials_is_refused(tmp_path: Path) -> None:
    """Credentials in a URL end up in logs."""
    file = tmp_path / "orderlog.toml"
    file.write_text(HEAD.replace("https://", "https://user:pass@") + AUTH)
    with pytest.raises(SettingsError) as error:
        load(file, {})
    assert "must hold no credentials" in str(error.value)
    assert "user:pass" not in str(error.value)


def test_a_token_that_is_written_out_is_refused(tmp_path: Path) -> None:
    """A refresh token opens the account for as long as nobody revokes it."""
    text = refusal(tmp_path, "", AUTH.replace("env:REFRESH", "1000.abcdef"))
    assert "1000.abcdef" not in text
    assert "env:NAME" in text


def test_another_scheme_names_those_that_there_are(tmp_path: Path) -> None:
    """The schemes of a source's webhooks are other ones."""
    for other in (AUTH.replace("oauth2-refresh", "apicbase-hmac"), AUTH.replace('scheme = "oauth2-refresh"', "")):
        listed = refusal(tmp_path, "", other).partition("one of ")[2]
        assert {"oauth2-refresh", "oauth2", "bearer"} == set(listed.strip().split(", "))


def test_start_at_is_a_time_of_toml(tmp_path: Path) -> None:
    """TOML has times of its own; one without an offset is UTC."""
    times = [
        loaded(tmp_path, f"start_at = {text}").sources[0].poll
        for text in ("2026-03-01T12:00:00", "2026-03-01T13:00:00+01:00")
    ]
    assert [poll.start_at.isoformat() for poll in times if poll and poll.start_at] == ["2026-03-01T12:00:00+00:00"] * 2


def test_a_missing_secret_is_found_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found at the first poll, it would look like an API that is down."""
    settings = loaded(tmp_path, "")
    monkeypatch.setenv("SECRET", "s")
    monkeypatch.delenv("REFRESH", raising=False)
    with pytest.raises(SettingsError) as error:
        agents(settings)
    assert "REFRESH" in str(error.value)
    with pytest.raises(SettingsError) as error:
        check_secrets(tmp_path / "orderlog.toml", {"SECRET": "s"})
    assert "env:REFRESH" in str(error.value)


def test_each_polled_source_has_one_agent_and_two_topics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a source that is not polled has none."""
    settings = loaded(tmp_path, "")
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    (agent,) = agents(settings)
    assert (agent.name, agent.topic, agent.table) == (
        "poll-apicbase",
        topics.polls("apicbase"),
        topics.positions("apicbase"),
    )
    silent = settings.model_copy(update={"sources": (settings.sources[0].model_copy(update={"poll": None}),)})
    assert [] == list(agents(silent))


@pytest.mark.parametrize("page", ["apicbase"])
def test_the_example_of_the_page_loads(tmp_path: Path, page: str) -> None:
    """An example that does not load costs everyone who tries it an hour."""
    text = (Path(__file__).parents[3] / "docs" / "platforms" / f"{page}.md").read_text()
    examples = [block.partition("```")[0] for block in text.split("```toml\n")[1:]]
    assert len(examples) == 1
    file = tmp_path / "orderlog.toml"
    file.write_text(examples[0])
    (source,) = load(file, {}).sources
    assert (source.platform, source.poll is not None) == ("apicbase", True)
