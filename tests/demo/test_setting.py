"""The configuration of a run: one that the roles take as it is, with every source, and no secret in it."""

import tomllib
from pathlib import Path

import pytest

from streams import sources, topics
from streams.demo import setting
from streams.demo.setting import TARGET
from streams.demo.webhook import APICBASE, COMMERCEOS, DUDA, QUICKBUTIK, SELLDONE, SOURCES, STORE
from streams.settings import load


def test_the_configuration_is_taken_with_every_source(tmp_path: Path) -> None:
    """Checked by the same code as everybody's own, options of platforms and all."""
    made = setting.make(usual_ports=False)
    file = tmp_path / "orderlog.toml"
    file.write_text(setting.document(made, "127.0.0.1:1", tmp_path))
    settings = load(file, {})
    assert list(SOURCES) == [source.name for source in settings.sources]
    assert [TARGET, COMMERCEOS, QUICKBUTIK] == [target.name for target in settings.targets]
    assert {(TARGET,)} == {settings.targets_of(source) for source in SOURCES if source != STORE}
    assert (TARGET, COMMERCEOS) == settings.targets_of(STORE)
    assert (APICBASE,) == settings.polled
    assert set(SOURCES) == sources.platforms(settings).keys()


def test_no_secret_is_written_into_it(tmp_path: Path) -> None:
    """They are in the processes' environment, under the names that it refers to."""
    made = setting.make(usual_ports=False)
    text = setting.document(made, "127.0.0.1:1", tmp_path)
    assert [] == [name for name, secret in made.secrets.items() if secret.decode() in text]
    assert [] == [variable for variable in made.env() if f"env:{variable}" not in text]


@pytest.mark.parametrize("some", [(DUDA, SELLDONE), (DUDA, APICBASE), (QUICKBUTIK,)])
def test_fewer_sources_need_fewer_topics(some: tuple[str, ...], tmp_path: Path) -> None:
    """What the benchmark runs: no poller, no API that nobody asks."""
    made = setting.make(usual_ports=False, sources=some)
    document = tomllib.loads(setting.document(made, "127.0.0.1:1", tmp_path))
    assert (QUICKBUTIK in some) == (len(document["targets"]) == 2)
    assert (APICBASE in some) == (topics.polls(APICBASE) in made.topics)
    assert list(some) == [source["name"] for source in document["sources"]]


def test_secrets_are_new_in_every_run() -> None:
    """Nothing that leaks from one run opens another."""
    one, other = setting.make(usual_ports=False), setting.make(usual_ports=False)
    assert set() == set(one.secrets.values()) & set(other.secrets.values())
