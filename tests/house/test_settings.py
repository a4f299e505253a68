"""Loading settings. Invariant: every mistake is told at once, with its place and mending, never with a value."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams import topics
from streams.platforms import NAMES
from streams.settings import Settings, SettingsError, check_secrets, find, load

SECRET = "hunter2-do-not-tell"

GOOD = """
[ingest]
port = 8088

[[sources]]
name = "shop"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:SHOP"] }

[[targets]]
name = "external"
kind = "external"
base_url = "http://127.0.0.1:8091"
auth = { scheme = "bearer", token = "env:TOKEN" }

[[routes]]
from = ["shop"]
to = ["external"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orderlog.toml"


def mistakes(file: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What `load` says of `text`, with the file's folder left out."""
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(file, environ or {})
    assert SECRET not in str(caught.value) + repr(caught.value)
    return str(caught.value).replace(f"{file.parent}/", "").splitlines()


def source(extra: str = "", *, auth: str = '{ scheme = "bearer", secrets = ["env:A"] }') -> str:
    return f'[[sources]]\nname = "shop"\nplatform = "duda"\nauth = {auth}\n{extra}\n'


def test_no_file_and_no_variable_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first start needs no configuration."""
    monkeypatch.chdir(tmp_path)
    assert load(None, {}) == Settings()


def test_the_file_is_overridden_by_the_environment(file: Path) -> None:
    """A deployment changes single values without a file of its own, and neighbours stay as they were."""
    file.write_text(GOOD)
    environ = {
        "ORDERLOG__INGEST__HOST": "localhost",
        "ORDERLOG__KAFKA__PARTITIONS": "3",
        "ORDERLOG__INGEST__ALLOW_UNAUTHENTICATED": "true",
        "ORDERLOG__LOG": '{"level": "debug"}',
        "ORDERLOG__ROUTES": "[]",
        "ORDERLOG__KAFKA__BOOTSTRAP": "",
        "ORDERLOG_UNRELATED": "x",
    }
    settings = load(file, environ)
    assert (settings.ingest.host, settings.ingest.port) == ("localhost", 8088)
    assert (settings.kafka.partitions, settings.kafka.bootstrap) == (3, None)
    assert settings.ingest.allow_unauthenticated is True
    assert settings.log.level == "debug"
    assert (len(settings.sources), settings.routes) == (1, ())


def test_the_file_is_found_in_the_agreed_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option beats ORDERLOG_CONFIG, which beats the working directory."""
    monkeypatch.chdir(tmp_path)
    assert find(None, {}) is None
    Path("orderlog.toml").write_text("")
    assert find(None, {}) == Path("orderlog.toml")
    assert find(None, {"ORDERLOG_CONFIG": "other.toml"}) == Path("other.toml")
    assert find(Path("mine.toml"), {"ORDERLOG_CONFIG": "other.toml"}) == Path("mine.toml")


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    """A typing error in --config must not silently give the defaults."""
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "missing.toml", {})


def test_all_mistakes_are_told_at_once_with_their_lines(file: Path) -> None:
    """Nobody should have to start five times to learn of five mistakes."""
    text = '[kafka]\nbootstap = "x"\npartitions = "many"\n\n[ingest]\nport = 70000\n'
    assert mistakes(file, text, {"ORDERLOG__INGEST__PROT": "1"}) == [
        "ORDERLOG__INGEST__PROT: ingest.prot: no such setting; did you mean port?",
        "orderlog.toml:2: kafka.bootstap: no such setting; did you mean bootstrap?",
        "orderlog.toml:3: kafka.partitions: should be a valid integer, unable to parse string as an integer",
        "orderlog.toml:6: ingest.port: should be less than or equal to 65535",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[kafka\n", "orderlog.toml:1: is not valid TOML: Expected ']' at the end of a table declaration"),
        ("\n\nport = \n", "orderlog.toml:3: is not valid TOML: Invalid value"),
        ('[ingest]\nhost = "x', "orderlog.toml:2: is not valid TOML"),
        ("[unheard]\nof = 1\n", "orderlog.toml:1: unheard: no such setting; known here: alerts, connectors, ingest"),
        (source("extra = 1"), "orderlog.toml:5: sources[0].extra: no such setting; known here: allow_unauthenticated"),
        (source(auth='{ scheme = "hmacs" }'), "orderlog.toml:4: sources[0].auth.scheme: no such scheme; one of"),
        (source(auth="{ secrets = [] }"), "orderlog.toml:4: sources[0].auth.scheme: no such scheme; one of"),
        (source().replace("shop", "Shop!"), "orderlog.toml:2: sources[0].name: is not a valid name; use 1 to 63 of"),
        (source().replace('platform = "duda"\n', ""), "orderlog.toml:1: sources[0].platform: is required; add it"),
        (source().replace("duda", "dida"), "orderlog.toml:3: sources[0].platform: the platform dida is not known; one"),
        (source() * 2, "orderlog.toml:7: sources[1].name: the name shop is taken by an earlier one"),
        (
            source(auth='{ scheme = "token", secrets = ["env:A"], header = "X", path = true }'),
            "orderlog.toml:4: sources[0].auth: a token travels in one place",
        ),
        (
            '[[sources]]\nname = "shop"\nplatform = "duda"\n',
            "orderlog.toml:1: sources[0].auth: a source without authentication is refused",
        ),
        ('[[routes]]\nfrom = ["a"]\nto = ["b"]\n', "orderlog.toml:2: routes[0].from[0]: no source has the name a"),
        (
            GOOD.replace('to = ["external"]', 'to = [\n"external",\n"b"]'),
            "orderlog.toml:20: routes[0].to[1]: no target",
        ),
        ("[ingest]\nbody_timeout_s = inf\n", "orderlog.toml:2: ingest.body_timeout_s: should be a finite number"),
        (
            GOOD.replace("[[routes]]", "retry_delays_s = [0, nan]\n[[routes]]"),
            "orderlog.toml:16: targets[0].retry_delays_s[1]: should be",
        ),
        (
            GOOD.replace("[[routes]]", "retry_delays_s = [-1]\n[[routes]]"),
            "orderlog.toml:16: targets[0].retry_delays_s[0]: should be greater than or equal to 0",
        ),
        (GOOD.replace("http://127", "127"), "orderlog.toml:13: targets[0].base_url: is not an http or https URL"),
        (
            GOOD.replace("http://127", f"http://me:{SECRET}@127"),
            "orderlog.toml:13: targets[0].base_url: must hold no credentials, query or fragment",
        ),
        (
            '[projections]\nhost = "0.0.0.0"\n',
            "orderlog.toml:2: projections.host: anyone on the network could read every order",
        ),
    ],
)
def test_one_mistake_is_told_with_its_line_and_mending(file: Path, text: str, said: str) -> None:
    """Each kind of mistake has exactly one message, which begins like this."""
    found = [line for line in mistakes(file, text) if not line.startswith(f"{said}")]
    told = [line for line in mistakes(file, text) if line.startswith(f"{said}")]
    assert (len(told), [line for line in found if line.split(": ")[1] == said.split(": ")[1]]) == (1, [])


@pytest.mark.parametrize(
    "text",
    [
        source(auth=f'{{ scheme = "bearer", secrets = ["{SECRET}"] }}'),
        source(auth=f'{{ scheme = "bearer", secrets = "{SECRET}" }}'),
        GOOD.replace("env:TOKEN", SECRET),
        f'[projections]\ntoken = "{SECRET}"\n',
        f'[alerts]\nurl = "https://hooks.example/{SECRET}"\n',
    ],
)
def test_a_written_secret_is_refused_and_not_repeated(file: Path, text: str) -> None:
    """Logs and terminals keep what they are shown: the message may say where, not what."""
    assert len(mistakes(file, text)) == 1


def test_a_written_secret_is_not_in_what_the_exception_carries(file: Path) -> None:
    """An error reporter that walks the exception's causes must not find the values either."""
    file.write_text(GOOD.replace("env:TOKEN", SECRET))
    with pytest.raises(SettingsError) as caught:
        load(file, {"ORDERLOG__SOURCES": f'["{SECRET}'})
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_written_secret_says_how_to_name_it(file: Path) -> None:
    """The mending is part of the message."""
    assert mistakes(file, source(auth=f'{{ scheme = "bearer", secrets = ["{SECRET}"] }}')) == [
        "orderlog.toml:4: sources[0].auth.secrets[0]: a secret must not be written in the configuration; "
        'name it: "env:NAME" or "file:PATH"'
    ]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ORDERLOG__SOURCES": "[{"}, "ORDERLOG__SOURCES: sources: is not valid JSON"),
        ({"ORDERLOG__SOURCES__0__NAME": "x"}, "ORDERLOG__SOURCES__0__NAME: sources.0.name: sources is not a table"),
        ({"ORDERLOG__INGEST__PORT": "x"}, "ORDERLOG__INGEST__PORT: ingest.port: should be a valid integer"),
        ({"ORDERLOG__INGEST": '{"port": "x"}'}, "ORDERLOG__INGEST: ingest.port: should be a valid integer"),
        ({"ORDERLOG__SOURCES": '[{"name": "shop"}]'}, "ORDERLOG__SOURCES: sources[0].platform: is required"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(file: Path, environ: dict[str, str], said: str) -> None:
    """There is no line to look at: the variable is the place."""
    assert [line for line in mistakes(file, GOOD, environ) if line.startswith(said)] != []


@pytest.mark.parametrize("name", ["quarantine"])
def test_a_source_cannot_take_over_a_topic_of_ours(file: Path, name: str) -> None:
    """Its raw webhooks would lie among the quarantined records."""
    assert topics.webhooks(name) == topics.QUARANTINE
    assert mistakes(file, source().replace("shop", name)) == [
        f"orderlog.toml:2: sources[0].name: the name {name} would share the topic {topics.QUARANTINE} "
        "with Orderlog itself; choose another name"
    ]


@pytest.mark.parametrize(
    ("host", "extra", "refused"),
    [
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("::1", "", False),
        ("127.8.9.10", "", False),
        ("0.0.0.0", "", True),
        ("::", "", True),
        ("10.0.0.1", "", True),
        ("shop.example", "", True),
        ("0.0.0.0", "allow_unauthenticated = true", False),
    ],
)
def test_an_open_source_is_for_loopback_only(file: Path, host: str, extra: str, refused: bool) -> None:
    """Scheme none on the network must be a decision that is written down."""
    text = f'[ingest]\nhost = "{host}"\n' + source(extra, auth='{ scheme = "none" }')
    if refused:
        assert mistakes(file, text)[0].startswith("orderlog.toml:6: sources[0].auth: anyone on the network could send")
    else:
        file.write_text(text)
        assert load(file, {}).ingest.host == host


def test_secrets_that_are_missing_are_told_together(file: Path, tmp_path: Path) -> None:
    """`config --check` finds them before the first webhook does."""
    file.write_text(GOOD.replace("env:TOKEN", f"file:{tmp_path}/token"))
    with pytest.raises(SettingsError) as caught:
        check_secrets(file, {})
    assert str(caught.value).replace(f"{tmp_path}/", "").splitlines() == [
        "orderlog.toml:8: sources[0].auth.secrets[0]: env:SHOP: the variable is not set or empty; set SHOP",
        "orderlog.toml:14: targets[0].auth.token: file:token: cannot be read (No such file or directory); "
        "check the path",
    ]
    (tmp_path / "token").write_text(f"{SECRET}\n")
    assert check_secrets(file, {"SHOP": SECRET}).sources[0].name == "shop"


def test_only_the_secrets_of_the_named_sections_are_asked_for(file: Path) -> None:
    """A machine that runs ingest alone has no business with the targets' tokens."""
    file.write_text(GOOD)
    assert check_secrets(file, {"SHOP": SECRET}, {"sources"}).targets[0].name == "external"


def test_a_windows_file_is_read(file: Path) -> None:
    """A byte order mark and CRLF are no mistake, and do not move the lines."""
    file.write_bytes(b"\xef\xbb\xbf[ingest]\r\nport = 8088\r\n")
    assert load(file, {}).ingest.port == 8088
    file.write_bytes(b"\xef\xbb\xbf[ingest]\r\n\r\nport = -1\r\n")
    with pytest.raises(SettingsError, match=r"orderlog.toml:3: ingest.port"):
        load(file, {})


def test_a_file_that_is_not_text_is_told(file: Path) -> None:
    """Bytes that are no UTF-8: one message with the line."""
    file.write_bytes(b"[ingest]\nhost = '\xff'\n")
    with pytest.raises(SettingsError, match=r"orderlog.toml:2: is not UTF-8"):
        load(file, {})


@pytest.mark.parametrize("word", ["2026-11-01", "2026-11-01T00:00:00", '"2026-11-01"', "2026-11-01T01:00:00+01:00"])
def test_a_date_without_a_zone_is_utc(file: Path, word: str) -> None:
    """TOML's dates and times, and the same in quotes, as variables have them."""
    file.write_text(f"{GOOD}since = {word}\n")
    assert load(file, {}).since("shop", "external") == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_date_beyond_the_calendar_is_a_mistake_like_any_other(file: Path) -> None:
    file.write_text(f"{GOOD}since = 0001-01-01T00:00:00+10:00\n")
    with pytest.raises(SettingsError, match=r"routes\[0\].since: lies outside the years"):
        load(file, {})


@pytest.mark.parametrize("word", ["7", "true", '"yesterday"', "08:00:00"])
def test_what_is_no_date_is_told_with_an_example(file: Path, word: str) -> None:
    """A number could be seconds, days or a year."""
    file.write_text(f"{GOOD}since = {word}\n")
    with pytest.raises(SettingsError, match=r"orderlog.toml:\d+: routes\[0\].since: is no date, as 2026-11-01, and no"):
        load(file, {})


def test_the_example_is_right(repository: Path) -> None:
    """What newcomers copy must load as it is, and name every part that exists."""
    settings = load(repository / "orderlog.example.toml", {})
    assert {source.platform for source in settings.sources} == NAMES - {"mapping"}
    assert settings.targets_of("duda") == ("external",)


def test_what_the_example_has_commented_out_is_right(repository: Path, file: Path) -> None:
    """People take the `#` away and expect it to work."""
    example = (repository / "orderlog.example.toml").read_text()
    file.write_text(re.sub(r'^# (?=\[|"?[\w.]+"? = )', "", example, flags=re.MULTILINE))
    settings = load(file, {})
    assert ("apicbase",) == settings.polled
    assert {source.platform for source in settings.sources} == NAMES
