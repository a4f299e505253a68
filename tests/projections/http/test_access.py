"""Who is answered, and what goes wrong before any work is done. No broker is there: what passes access gets a 503."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from projections.http.access import Access
from streams.settings import Settings, SettingsError
from streams.settings.model import Kafka, Projections
from tests.projections.http.serving import ADA_TOKEN, ENVIRON, GUARDED, TOKEN, Caller, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOBODY = Settings(kafka=Kafka(bootstrap="127.0.0.1:9"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller() -> AsyncIterator[Caller]:
    async with serving(NOBODY) as made:
        yield made


@pytest.mark.parametrize("path", ["/deadletters", "/deadletters/audit", "/metrics", "/nowhere"])
async def test_without_a_right_token_nothing_is_told_not_even_which_paths_there_are(caller: Caller, path: str) -> None:
    """Dead letters have customers' addresses in them."""
    for headers, expected in [
        ({}, (401, "token-missing")),
        ({"Authorization": "Bearer "}, (401, "token-malformed")),
        ({"Authorization": f"Basic {TOKEN}"}, (401, "token-malformed")),
        ({"Authorization": f"Bearer {TOKEN}x"}, (403, "token-mismatch")),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, (403, "token-mismatch")),
    ]:
        status, problem = await caller.having(None).ask("GET", path, headers=headers)
        assert expected == (status, problem["reason"])
        assert TOKEN not in str(problem)


async def test_health_is_open_and_readiness_follows_the_broker(caller: Caller) -> None:
    """Containers ask without a token; a role that cannot read anything is not ready."""
    stranger = caller.having(None)
    assert (200, {"status": "alive"}) == await stranger.get("/health")
    assert (503, {"status": "broker-unavailable"}) == await stranger.get("/ready")


async def test_a_broker_that_is_gone_is_a_503_of_its_own_reason(caller: Caller) -> None:
    """An empty list instead would say that all is well."""
    for token in (TOKEN, ADA_TOKEN):
        async with caller.session.get(
            f"{caller.url}/deadletters", headers={"Authorization": f"bearer {token}"}
        ) as answer:
            problem = await answer.json(content_type="application/problem+json")
            assert (503, "broker-unavailable", "2") == (
                answer.status,
                problem["reason"],
                answer.headers["Retry-After"],
            )
    said = {"why": "mended", "who": "ada"}
    assert 503 == (await caller.post("/deadletters/x/redrive", **said))[0]
    status, exposition = await caller.get("/metrics")
    assert (200, True) == (status, b"orderlog_projections_requests_total" in exposition)


async def test_what_cannot_be_understood_is_refused_and_says_why(caller: Caller) -> None:
    """A misspelt filter that is passed over in silence would redrive everything."""
    for query, said in [
        ({"ordre": "x"}, "no parameter is called ordre"),
        ({"state": "gone"}, "no state is called gone"),
        ({"type": "make_tea"}, "no command is of the type make_tea"),
        ({"since": "yesterday"}, "is not a time"),
        ({"since": "1h", "until": "2h"}, "until is not later"),
        ({"limit": "0"}, "limit: from 1 to 1000"),
        ({"limit": "²"}, "limit: from 1 to 1000"),
    ]:
        status, problem = await caller.get("/deadletters", **query)
        assert (400, "query-invalid", True) == (status, problem["reason"], said in problem["detail"]), problem
    assert 400 == (await caller.get("/deadletters/audit", state="any"))[0], "a decision has no state"


async def test_decisions_without_what_they_need_are_refused(caller: Caller) -> None:
    """Nobody's reason is no reason, and everything is only meant where everything is said."""
    one, many = "/deadletters/x/redrive", "/deadletters/discard"
    of_x = {"ids": ["x"]}
    for token, path, body, said in [
        (ADA_TOKEN, one, {}, "why"),
        (ADA_TOKEN, one, {"why": "  "}, "why"),
        (ADA_TOKEN, one, {"why": "x" * 1001}, "why"),
        (ADA_TOKEN, one, {"why": "x", "who": "eve"}, "the token is that of ada"),
        (TOKEN, one, {"why": "x"}, "say who decides"),
        (ADA_TOKEN, one, {"why": "x", "dry_rum": True}, "dry_rum"),
        (ADA_TOKEN, many, {"why": "x"}, "selection"),
        (ADA_TOKEN, many, {"why": "x", "selection": {}}, "say which"),
        (ADA_TOKEN, many, {"why": "x", "selection": {"state": ["holding"]}}, "selection.state"),
        (ADA_TOKEN, many, {"why": "x", "selection": {"states": ["discarded"]}}, "nothing can be decided"),
        (ADA_TOKEN, many, {"why": "x", "selection": of_x, "dry_run": False}, "confirm"),
    ]:
        status, problem = await caller.having(token).post(path, **body)
        assert (400, "body-invalid", True) == (status, problem["reason"], said in problem["detail"]), problem


async def test_bodies_and_methods_are_bounded(caller: Caller) -> None:
    """A form of a strange page is no JSON; a body without an end is not read to it."""
    path = "/deadletters/redrive"
    assert 415 == (await caller.ask("POST", path, data={"why": "x"}))[0]
    json = {"Content-Type": "application/json"}
    status, problem = await caller.ask("POST", path, data=b" " * 300_000, headers=json)
    assert (413, "body-too-large") == (status, problem["reason"])
    status, problem = await caller.ask("POST", path, data=b"{", headers=json)
    assert (400, "body-invalid") == (status, problem["reason"])
    status, problem = await caller.ask("DELETE", "/deadletters")
    assert (405, "method-not-allowed") == (status, problem["reason"])
    status, problem = await caller.get("/orders.json")
    assert (404, "not-found") == (status, problem["reason"])


async def test_without_a_token_only_this_machines_own_name_is_answered() -> None:
    """A page whose name is made to lead to 127.0.0.1 would read and decide with the operator's browser."""
    async with serving(NOBODY, Projections()) as caller:
        stranger = caller.having(None)
        assert 503 == (await stranger.get("/deadletters"))[0]
        status, problem = await stranger.ask("GET", "/deadletters", headers={"Host": "evil.example"})
        assert (403, "host-not-allowed") == (status, problem["reason"])
        assert 200 == (await stranger.ask("GET", "/health", headers={"Host": "evil.example"}))[0]


@pytest.mark.parametrize(
    ("projections", "environ", "said"),
    [
        (GUARDED, {"READER_TOKEN": "x"}, "ADA_TOKEN"),
        (GUARDED, {"READER_TOKEN": "same", "ADA_TOKEN": "same"}, "two of the tokens are the same"),
        (Projections(host="0.0.0.0"), ENVIRON, "anyone on the network"),
    ],
)
async def test_a_door_that_would_stand_open_is_not_opened(
    projections: Projections, environ: dict[str, str], said: str
) -> None:
    """A token that cannot be had must not become no token."""
    with pytest.raises(SettingsError, match=said):
        Access(Settings(projections=projections), environ)
