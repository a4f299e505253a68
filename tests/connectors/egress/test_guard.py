"""Invariant: no byte leaves for an address that the settings do not allow, whatever name or answer leads there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver
from hypothesis import given
from hypothesis import strategies as st

from connectors.auth import auth_of
from connectors.egress.guard import Guard, RefusedAddress
from connectors.exchange import Attempt, Request
from connectors.http import TargetClient
from connectors.pollers.client import ListClient, PollError, told
from connectors.verdict import blames_target
from streams.settings.addresses import NEVER, kind_of, literal
from streams.settings.auth import NoAuth, TargetAuth, TargetBearer, TargetOAuth2
from streams.settings.poll import Poll
from tests.connectors.egress.names import Names, listening
from tests.connectors.make import START, target

NO_AUTH = NoAuth(scheme="none")
REQUEST = Request("POST", "/api/orders", {}, b'{"a":1}')
METADATA, PRIVATE = "169.254.169.254", "10.1.2.3"


async def attempt(url: str, resolver: AbstractResolver | None, auth: TargetAuth = NO_AUTH, **given: Any) -> Attempt:
    made = target(base_url=url, auth=auth, **{"timeout_s": 2} | given)
    client = TargetClient(made, auth_of(auth, {"S": "secret"}), lambda: START, resolver)
    try:
        return await client.attempt(REQUEST)
    finally:
        await client.close()


def oauth(token_url: str) -> TargetOAuth2:
    return TargetOAuth2(scheme="oauth2", token_url=token_url, client_id="me", client_secret="env:S")


@pytest.mark.parametrize("name", ["internal.example", "2130706433.example", "localhost.example"])
async def test_a_name_that_leads_to_this_machine_is_refused_before_anything_is_sent(name: str) -> None:
    """The monitor's port, an admin interface on loopback: a name in DNS is all that it would take."""
    async with listening() as seen:
        names = Names(**{name.replace(".", "_"): [["127.0.0.1"]]})
        made = await attempt(f"http://{name}:{seen.port}", names)
    assert made.error == (
        f"RefusedAddress: {name} leads to 127.0.0.1 (loopback): "
        "if that is meant, set allow_private = true in targets.external"
    )
    assert (seen.connections, bytes(seen.received)) == (0, b"")


async def test_a_refusal_is_the_target_s_fault_and_no_order_s() -> None:
    """The breaker opens and everything waits until the settings or the name are mended; the worker goes on."""
    made = await attempt("http://internal.example", Names(internal_example=[[PRIVATE]]))
    assert (made.status, blames_target(made.status)) == (None, True)


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize(
    "address", [METADATA, "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "::", "fe80::1", "ff02::1"]
)
async def test_what_is_never_right_is_refused_by_name_whatever_is_allowed(address: str, allow_private: bool) -> None:
    """The metadata service gives the machine's credentials to whoever can make it ask."""
    made = await attempt("http://api.example", Names(api_example=[[address]]), allow_private=allow_private)
    assert made.error is not None
    assert made.error.startswith(f"RefusedAddress: api.example leads to {address} (")
    assert made.error.endswith("): never connected to")


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize(
    "host", [METADATA, "0.0.0.0", "[::]", "[fe80::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"]
)
async def test_what_is_never_right_is_refused_as_it_is_written(host: str, allow_private: bool) -> None:
    """An address in the URL is not looked up: it must be judged all the same."""
    made = await attempt(f"http://{host}", Names(), allow_private=allow_private)
    assert made.error is not None
    assert made.error.startswith("RefusedAddress: ")
    assert made.error.endswith("): never connected to")


async def test_a_private_address_that_is_written_out_is_refused_unless_allowed() -> None:
    """As with a name: one setting opens it."""
    made = await attempt("http://10.1.2.3", None, timeout_s=0.3)
    expected = "10.1.2.3 (private): if that is meant, set allow_private = true in targets.external"
    assert made.error == f"RefusedAddress: {expected}"
    opened = await attempt("http://127.0.0.2:1", None, allow_private=True)
    assert "RefusedAddress" not in (opened.error or "")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
async def test_an_old_spelling_of_loopback_opens_nothing(host: str) -> None:
    """The system's resolver still reads these as addresses."""
    async with listening() as seen:
        made = await attempt(f"http://{host}:{seen.port}", None)
    assert (made.status, seen.connections) == (None, 0)


async def test_allow_private_opens_a_name() -> None:
    """Compose's service names and a company's own DNS lead to private addresses."""
    async with listening() as seen:
        names = Names(sandbox=[["127.0.0.1"]])
        made = await attempt(f"http://sandbox:{seen.port}", names, allow_private=True)
    assert (made.status, seen.connections) == (200, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_that_is_written_needs_no_allowance(host: str) -> None:
    """DESIGN's examples, and everyone's first configuration."""
    async with listening() as seen:
        assert (await attempt(f"http://{host}:{seen.port}", None)).status == 200


async def test_localhost_that_leads_elsewhere_is_refused() -> None:
    """It says this machine, not whatever a resolver makes of it."""
    made = await attempt("http://localhost", Names(localhost=[[PRIVATE]]))
    assert (made.error or "").startswith("RefusedAddress: localhost leads to 10.1.2.3 (private)")


async def test_of_several_answers_only_those_allowed_are_tried() -> None:
    """Addresses are raced: one bad one among good ones must not be in the race."""
    async with listening() as seen:
        names = Names(api_example=[[METADATA, "fe80::1", "127.0.0.1", "0.0.0.0"]])
        made = await attempt(f"http://api.example:{seen.port}", names, allow_private=True)
    assert (made.status, seen.connections) == (200, 1)


async def test_several_answers_that_are_all_refused_are_all_told() -> None:
    """Which of them is the surprise, an operator must see; a flood of them fits no log line."""
    made = await attempt("http://api.example", Names(api_example=[[PRIVATE, METADATA, "::1", "10.0.0.1"]]))
    assert made.error == (
        "RefusedAddress: api.example leads to 10.1.2.3 (private), 169.254.169.254 (cloud metadata), ::1 (loopback) "
        "and 1 more: if that is meant, set allow_private = true in targets.external"
    )


async def test_a_name_is_asked_once_for_the_look_and_the_connection() -> None:
    """Rebinding lives from a second answer between the check and the connection: there is no second question."""
    names = Names(api_example=[["127.0.0.1"], [METADATA]])
    async with listening() as seen:
        url = f"http://api.example:{seen.port}"
        first = await attempt(url, names, allow_private=True)
        assert (first.status, seen.connections, names.asked) == (200, 1, ["api.example"])
        second = await attempt(url, names, allow_private=True)
    assert (second.error or "").startswith("RefusedAddress: api.example leads to 169.254.169.254")
    assert seen.connections == 1


async def test_a_name_without_addresses_is_a_failed_attempt() -> None:
    """A resolver may find nothing that this machine can use."""
    made = await attempt("http://api.example", Names(api_example=[[]]))
    assert (made.status, "api.example has no address" in (made.error or "")) == (None, True)


async def test_a_token_url_that_leads_inside_is_refused_before_the_secret_is_sent() -> None:
    """The client's secret goes there first; a loopback base_url opens nothing for it."""
    async with listening() as api, listening() as tokens:
        names = Names(tokens_example=[["127.0.0.1"]])
        url = f"http://127.0.0.1:{api.port}"
        made = await attempt(url, names, oauth(f"http://tokens.example:{tokens.port}/token"))
    assert (made.error or "").startswith("RefusedAddress: tokens.example leads to 127.0.0.1 (loopback)")
    assert (api.connections, tokens.connections) == (0, 0)


async def test_a_loopback_token_url_opens_nothing_for_the_api_s_name() -> None:
    """Each host is judged by how it is written itself."""
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"access_token":"t"}'
    async with listening() as api, listening(answer) as tokens:
        names = Names(api_example=[["127.0.0.1"]])
        auth = oauth(f"http://127.0.0.1:{tokens.port}/token")
        made = await attempt(f"http://api.example:{api.port}", names, auth)
    assert (made.error or "").startswith("RefusedAddress: api.example leads to 127.0.0.1 (loopback)")
    assert (api.connections, tokens.connections) == (0, 1)


@pytest.mark.parametrize("allow_private", [False, True])
async def test_a_poll_is_guarded_as_a_target_is(allow_private: bool) -> None:
    """Its token opens a whole account; what is refused is told as what the network did."""
    async with listening() as seen:
        auth = TargetBearer(scheme="bearer", token="env:TOKEN")
        url = f"http://api.example:{seen.port}"
        poll = Poll(base_url=url, path="/", auth=auth, timeout_s=2, allow_private=allow_private)
        client = ListClient(poll, lambda: datetime.now(UTC), Names(api_example=[["127.0.0.1"]]))
        try:
            asking = told(client.get({}, "Bearer token"), 2, frozenset)
            if allow_private:
                assert (await asking).status == 200
                return
            with pytest.raises(PollError) as error:
                await asking
        finally:
            await client.close()
    assert (error.value.reason, seen.connections) == ("network", 0)
    assert "api.example leads to 127.0.0.1 (loopback): if that is meant, set allow_private" in str(error.value)


ANY_ADDRESS = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    st.sampled_from(
        ["127.0.0.1", "::1", METADATA, PRIVATE, "::ffff:10.0.0.1", "fe80::1%eth0", "100.64.0.1", "8.8.8.8"]
    ),
).map(str)


@given(ANY_ADDRESS, st.booleans())
def test_no_socket_is_made_for_what_is_not_allowed(address: str, allow_private: bool) -> None:
    """The last look, at the address itself: also what a resolver has let through by mistake."""
    guard = Guard("targets.t", ["https://api.example"], allow_private)
    found = literal(address)
    assert found is not None
    info = (10 if found.version == 6 else 2, 1, 6, "", (address, 443))
    try:
        guard.socket(info).close()
        made = True
    except RefusedAddress:
        made = False
    public = kind_of(found).value == "public"
    assert made == (public or (allow_private and kind_of(found) not in NEVER))


@given(st.text(max_size=20))
def test_what_is_no_address_is_refused(text: str) -> None:
    """A resolver that answers rubbish opens nothing."""
    guard = Guard("targets.t", ["https://api.example"], allow_private=True)
    if literal(text) is None:
        with pytest.raises(RefusedAddress):
            guard.socket((2, 1, 6, "", (text, 443)))
