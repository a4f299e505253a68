"""The rate: at most so many requests in any second, wherever it begins."""

from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.window import SlidingWindow
from tests.connectors.sandbox_commerceos.shop import ORDER, shop


def test_any_window_counts_not_the_full_second() -> None:
    """100 at the end of a second and 100 at the start of the next are 200 in a moment; a counter would not see them."""
    window = SlidingWindow()
    late = [window.wait_s(0.9 + number / 1000, 100, 1.0) for number in range(100)]
    early = [window.wait_s(1.0 + number / 1000, 100, 1.0) for number in range(100)]
    assert (late, window.refused, window.busiest) == ([0.0] * 100, 100, 200)
    assert 0.89 < early[0] <= 0.9
    assert [window.wait_s(1.901, 100, 1.0), window.wait_s(1.902, 100, 1.0)] == [0.0, 0.0]


def test_who_is_refused_does_not_use_up_the_rate() -> None:
    """Else a client that knocks on would never be let in again."""
    window = SlidingWindow()
    assert [window.wait_s(at / 10, 2, 1.0) > 0 for at in range(12)] == [
        *(False, False, True, True, True, True, True, True, True, True, False, False),
    ]


async def test_too_many_requests_are_429_with_retry_after_and_have_no_effect() -> None:
    """It must show in the stats, and the order must come once its client has waited."""
    async with shop(rules=Rules(requests_max=2, window_s=60)) as api:
        for _ in range(2):
            await api.raw("GET", "/v1/payment-methods")
        status, _, headers = await api.raw("PUT", ORDER, b"{}")
        stats = await api.stats()
        assert (status, int(headers["Retry-After"]) > 30) == (429, True)
        assert (stats["rate_refused"], stats["busiest_window"], stats["effects"], stats["refused"]) == (1, 3, 0, 0)
        await api.admin("PUT", "rules", {"requests_max": 1000})
        assert (await api.put())[0] == 201
        assert (await api.stats())["busiest_window"] == 1


async def test_a_hundred_a_second_is_the_rule_unless_another_is_set() -> None:
    """The guide's standard tier."""
    async with shop(rules=Rules()) as api:
        answers = [(await api.raw("GET", "/v1/payment-methods"))[0] for _ in range(101)]
        took_one_window = (await api.stats())["busiest_window"] == 101
    assert answers[:100] == [200] * 100
    assert answers[100] == (429 if took_one_window else 200)
