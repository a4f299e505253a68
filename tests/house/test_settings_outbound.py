"""Where our requests may go: each mistake is told at the start with its line and mending, and no more is refused."""

from pathlib import Path

import pytest

from streams.settings import Settings, SettingsError, load

TARGET = """[[targets]]
name = "api"
kind = "external"
base_url = "https://api.example.com"
auth = { scheme = "bearer", token = "env:TOKEN" }
"""
OAUTH = (
    'auth = { scheme = "oauth2", token_url = "https://id.example.com/token", client_id = "me", '
    'client_secret = "env:SECRET" }'
)
BEARER = 'auth = { scheme = "bearer", token = "env:TOKEN" }'
POLL = """[[sources]]
name = "apicbase"
platform = "apicbase"
auth = { scheme = "apicbase-hmac", secrets = ["env:SECRET"] }
[sources.poll]
base_url = "https://api.example.com"
auth = { scheme = "bearer", token = "env:TOKEN" }
"""
PLAIN = "must be https: credentials would go out readable for everyone on the way; write https://"


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "orderlog.toml"
    file.write_text(text)
    return load(file, {})


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize("base", [TARGET, POLL])
@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1:8090",
        "http://localhost:8090",
        "http://[::1]:8090",
        "https://127.0.0.1",
        "https://api.example.com:8443/v1",
        "https://93.184.216.34",
        "https://sandbox:8091",
    ],
)
def test_what_is_safe_by_itself_needs_no_allowance(tmp_path: Path, base: str, host: str) -> None:
    """DESIGN's examples, a public API, and a name: where that leads is seen when it is connected to."""
    loaded(tmp_path, base.replace("https://api.example.com", host))


@pytest.mark.parametrize(("base", "path", "line"), [(TARGET, "targets[0]", 4), (POLL, "sources[0].poll", 6)])
@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("https://10.0.0.5", "10.0.0.5 is not public: private; if that is meant, set allow_private = true beside"),
        ("https://[fd12::1]", "fd12::1 is not public: private; if that is meant, set allow_private = true beside"),
        ("https://100.64.0.1", "100.64.0.1 is not public: carrier-grade NAT; if that is meant, set allow_private"),
        ("https://169.254.169.254", "169.254.169.254 is never connected to: cloud metadata; write the API's own"),
        ("https://[::ffff:169.254.169.254]", "::ffff:169.254.169.254 is never connected to: cloud metadata; write"),
        ("https://0.0.0.0:8080", "0.0.0.0 is never connected to: unspecified; write the API's own address"),
        ("http://api.example.com", PLAIN),
        ("http://sandbox:8091", PLAIN),
        ("http://localhost.example.com", PLAIN),
    ],
)
def test_what_is_not_is_told_with_its_line(
    tmp_path: Path, base: str, path: str, line: int, host: str, said: str
) -> None:
    """Found at the start, not order by order."""
    (found,) = mistakes(tmp_path, base.replace("https://api.example.com", host))
    assert found.startswith(f"orderlog.toml:{line}: {path}.base_url: {said}")


@pytest.mark.parametrize("base", [TARGET, POLL])
def test_what_is_allowed_is_allowed(tmp_path: Path, base: str) -> None:
    """One setting for the address, one for the missing encryption: each says what it gives up."""
    inside = base.replace("https://api.example.com", "https://10.0.0.5")
    loaded(tmp_path, inside + "allow_private = true\n")
    plain = base.replace("https://api.example.com", "http://sandbox:8091")
    loaded(tmp_path, plain + "allow_plain_http = true\n")
    both = base.replace("https://api.example.com", "http://10.0.0.5")
    assert len(mistakes(tmp_path, both + "allow_private = true\n")) == 1
    assert len(mistakes(tmp_path, both + "allow_plain_http = true\n")) == 1
    loaded(tmp_path, both + "allow_private = true\nallow_plain_http = true\n")


def test_no_allowance_opens_what_is_never_right(tmp_path: Path) -> None:
    """There is no API on a metadata address."""
    text = TARGET.replace("https://api.example.com", "http://169.254.169.254")
    (found,) = mistakes(tmp_path, text + "allow_private = true\nallow_plain_http = true\n")
    assert "never connected to" in found


@pytest.mark.parametrize(("base", "path", "line"), [(TARGET, "targets[0]", 5), (POLL, "sources[0].poll", 7)])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://id.example.com/token", PLAIN),
        ("https://169.254.169.254/token", "169.254.169.254 is never connected to"),
        ("https://10.0.0.5/token", "10.0.0.5 is not public: private"),
        ("id.example.com", "is not an http or https URL"),
    ],
)
def test_a_token_url_is_checked_as_well(tmp_path: Path, base: str, path: str, line: int, url: str, said: str) -> None:
    """The client's secret goes there."""
    text = base.replace(BEARER, OAUTH.replace("https://id.example.com/token", url))
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(f"orderlog.toml:{line}: {path}.auth.token_url: {said}")


def test_a_target_without_credentials_may_be_plain(tmp_path: Path) -> None:
    """There is nothing of ours to overhear but what its operator decided to send."""
    text = TARGET.replace(BEARER, 'auth = { scheme = "none" }').replace("https://", "http://")
    assert loaded(tmp_path, text).targets[0].base_url == "http://api.example.com"


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('tls = { client_cert = "file:c.pem" }', "targets[0].tls: client_cert and client_key go together"),
        ('tls = { client_key = "file:c.key" }', "targets[0].tls: client_cert and client_key go together"),
        ("tls = {}", "targets[0].tls: says nothing"),
        ('tls = { ca = "ca.pem" }', 'targets[0].tls.ca: does not name a file; write "file:PATH"'),
        (
            'tls = { client_cert = "file:c", client_key = "-----BEGIN PRIVATE KEY-----" }',
            'targets[0].tls.client_key: does not name a file; write "file:PATH"',
        ),
        ("tls = { verify = false }", "targets[0].tls.verify: no such setting; known here: ca, client_cert, client_key"),
        ("connect_timeout_s = 0", "targets[0].connect_timeout_s: should be greater than 0"),
        ("read_timeout_s = -1", "targets[0].read_timeout_s: should be greater than 0"),
        ("connect_timeout_s = inf", "targets[0].connect_timeout_s: "),
    ],
)
def test_a_mistake_in_tls_or_deadlines_is_told(tmp_path: Path, extra: str, said: str) -> None:
    """A certificate that is left out unnoticed is an API that turns every order away."""
    found = mistakes(tmp_path, TARGET + extra + "\n")
    assert len([line for line in found if line.startswith(f"orderlog.toml:6: {said}")]) == 1, found
    assert "BEGIN" not in "".join(found)


@pytest.mark.parametrize(("base", "path"), [(TARGET, "targets[0]"), (POLL, "sources[0].poll")])
def test_tls_without_https_is_refused(tmp_path: Path, base: str, path: str) -> None:
    """Who wrote it down believes that it protects."""
    text = base.replace("https://api.example.com", "http://127.0.0.1:1") + 'tls = { ca = "file:ca.pem" }\n'
    (found,) = mistakes(tmp_path, text)
    assert found.split(": ", 2)[1:] == [
        f"{path}.tls",
        "has no effect: base_url is plain http; write https://…, or leave tls out",
    ]


def test_the_deadlines_have_defaults(tmp_path: Path) -> None:
    """Connecting may take 5 s; between two pieces of an answer as long as the whole may take."""
    settings = loaded(tmp_path, TARGET + POLL)
    target, poll = settings.targets[0], settings.sources[0].poll
    assert poll is not None
    assert (target.connect_timeout_s, target.read_timeout_s, target.timeout_s) == (5, None, 10)
    assert (poll.connect_timeout_s, poll.read_timeout_s, poll.timeout_s) == (5, None, 20)
    assert (target.allow_private, target.allow_plain_http, poll.allow_private, poll.allow_plain_http) == (False,) * 4
