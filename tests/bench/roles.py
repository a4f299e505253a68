"""The demo's configuration, with what a measurement needs to be otherwise; and the topics that it uses."""

import tomllib
from pathlib import Path

from streams import topics as table
from streams.cli import toml
from streams.demo import setting
from streams.demo.setting import TARGET, Setting
from streams.settings import Settings, load
from tests.bench import topics
from tests.bench.stage import PARTITIONS, Stage
from tests.bench.webhooks import SOURCES

TOPICS = table.table(SOURCES, (TARGET,))
RAW = tuple(table.webhooks(source) for source in SOURCES)
# The target's limit must not be what is measured.
RATE_PER_SECOND = 5_000


def configure(stage: Stage, made: Setting, folder: Path) -> tuple[Path, Settings]:
    """Writes `orderlog.toml`; its path, and what it says. No stock is moved: the peers' jobs write commands only."""
    tables = tomllib.loads(setting.document(made, stage.bootstrap, folder))
    tables["kafka"]["partitions"] = PARTITIONS
    tables["targets"][0]["rate_per_second"] = RATE_PER_SECOND
    for source in tables["sources"]:
        source["tracks_stock"] = False
    file = folder / "orderlog.toml"
    file.write_text(toml.dumps(tables))
    return file, load(file, {})


def empty_topics(stage: Stage, keep: tuple[str, ...] = ()) -> None:
    """Makes every topic of the table anew, but for those in `keep`, which must be there."""
    fresh = [topic for topic in TOPICS if topic.name not in keep]
    topics.delete(stage.bootstrap, [topic.name for topic in fresh])
    for topic in fresh:
        topics.create(stage.bootstrap, [topic.name], cleanup_policy=topic.cleanup.value)


def remove_topics(stage: Stage) -> None:
    topics.delete(stage.bootstrap, [topic.name for topic in TOPICS])
