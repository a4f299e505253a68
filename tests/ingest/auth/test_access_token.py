"""Access tokens without storage: for one source, one client, until one moment, under one secret."""

import string
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.auth import AuthError, Presented
from ingest.auth.access_token import issue, oauth2, signing_keys
from ingest.oauth.rate import BURST, PEERS_MAX, PER_S, Rate

NOW_S = 1_700_000_000
KEY = signing_keys([b"secret"])[0]


def outcome(
    token: str, now_s: float = NOW_S, source: str = "shop", client: str = "id", secret: bytes = b"secret"
) -> str:
    """`believed`, or the reason of the refusal."""
    presented = Presented(b"", {"authorization": [f"Bearer {token}"]})
    try:
        oauth2([b"other", secret], source, client)(presented, now_s)
    except AuthError as error:
        return error.reason
    return "believed"


def test_a_token_is_good_until_its_moment_and_not_after() -> None:
    """The bound is exact, and nothing but the token says where it lies."""
    token = issue(KEY, "shop", "id", NOW_S)
    assert outcome(token, NOW_S - 0.001) == "believed"
    assert outcome(token, NOW_S) == "token-stale"


def test_a_token_is_bound_to_its_source_client_and_secret() -> None:
    """Each of them alone makes another token."""
    token = issue(KEY, "shop", "id", NOW_S + 1)
    assert outcome(token, source="shop2") == "token-invalid"
    assert outcome(token, client="id2") == "token-invalid"
    assert outcome(token, secret=b"secret2") == "token-invalid"


def test_an_expired_token_cannot_be_given_another_expiry() -> None:
    """The expiry is part of what is signed, so a forged one is no token at all."""
    _, _, mac = issue(KEY, "shop", "id", NOW_S - 1).partition(".")
    assert outcome(f"{NOW_S + 1000}.{mac}") == "token-invalid"
    assert outcome(f"0{NOW_S - 1}.{mac}") == "token-invalid"


def test_a_secret_signs_no_token_itself() -> None:
    """Who sees many tokens learns nothing that would pass for a webhook's signature under the same secret."""
    assert signing_keys([b"secret"]) != (b"secret",)
    assert issue(b"secret", "shop", "id", NOW_S + 1) != issue(KEY, "shop", "id", NOW_S + 1)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text(string.digits + "._-=" + string.ascii_letters, min_size=30, max_size=60))
def test_no_text_is_a_token_or_raises_anything_but_a_refusal(text: str) -> None:
    """Strangers choose these characters."""
    assert outcome(text) in ("token-malformed", "token-invalid", "token-missing")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_change_of_a_character_leaves_a_token_good(data: st.DataObject) -> None:
    """Every character counts; the spare bits of the last one may differ, and then it is the same MAC."""
    token = issue(KEY, "shop", "id", NOW_S + 100)
    at = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.").filter(lambda c: c != token[at]))
    assert outcome(token[:at] + other + token[at + 1 :]) != "believed"


@pytest.mark.parametrize("token", ["", ".", "1.", ".x", "1." + "A" * 43, "9" * 13 + "." + "A" * 43, "²." + "A" * 43])
def test_what_has_not_the_shape_is_refused_by_name(token: str) -> None:
    """None of them reaches the MAC by accident of parsing."""
    expected = {"": "token-malformed", "1." + "A" * 43: "token-invalid"}.get(token, "token-malformed")
    assert outcome(token) == expected


def test_the_rate_lets_a_burst_through_and_then_so_many_a_second() -> None:
    """Counted per peer: one that floods does not close the door for another."""
    clock = iter(chain([0.0] * int(BURST + 1), [1.0] * int(PER_S + 1), [1.0]))
    rate = Rate(lambda: next(clock))
    assert [rate.admits("a") for _ in range(int(BURST + 1))] == [True] * int(BURST) + [False]
    assert [rate.admits("a") for _ in range(int(PER_S + 1))] == [True] * int(PER_S) + [False]
    assert rate.admits("b")


def test_the_peers_that_are_remembered_are_bounded() -> None:
    """A flood from many addresses does not grow the process."""
    rate = Rate(lambda: 0.0)
    for number in range(PEERS_MAX * 2):
        rate.admits(f"10.0.{number // 256}.{number % 256}")
    assert len(rate._buckets) == PEERS_MAX
