"""The benchmark's arithmetic, on given numbers: no broker, no clock."""

import io
from datetime import UTC, datetime

import orjson
import pytest
from rich.console import Console

from streams.demo.webhook import Kind
from tests.bench import marks, report, webhooks
from tests.bench.figures import FIGURES
from tests.bench.http import answer_end, request_bytes
from tests.bench.lines import Line, Samples, percentile, rate_after_warm_up
from tests.bench.marks import Mark


def line(*values: float, reference: float | None = None, mark: Mark | None = None) -> Line:
    given = None if reference is None else Samples("peer", "x/s", (reference,))
    return Line("figure", Samples("ours", "x/s", values), given, mark)


@pytest.mark.parametrize(
    ("judged", "expected"), [(0.39, "missed"), (0.4, "first mark"), (0.59, "first mark"), (0.6, "aim"), (9, "aim")]
)
def test_a_ratio_is_never_called_reached_below_its_mark(judged: float, expected: str) -> None:
    """A mark is reached at its own value, not before."""
    assert marks.INGEST_TO_ECHO.verdict(judged) == expected


@pytest.mark.parametrize(("judged", "expected"), [(151, "missed"), (150, "first mark"), (80, "aim"), (1, "aim")])
def test_a_latency_is_never_called_reached_above_its_mark(judged: float, expected: str) -> None:
    """For times less is better."""
    assert marks.DELIVERED_P50_MS.verdict(judged) == expected


def test_one_disturbed_run_does_not_move_the_figure() -> None:
    """The median of the runs counts, on both sides."""
    ours, peer = Samples("ours", "x/s", (100, 90, 1)), Samples("peer", "x/s", (30, 45, 4500))
    assert Line("figure", ours, peer, Mark(2, 3)).ratio == 2


def test_without_a_reference_the_value_itself_is_judged() -> None:
    """Restore is judged by records per second, not by a ratio to nothing."""
    made = line(49_999, mark=marks.RESTORE_PER_S)
    assert (made.ratio, made.judged, made.verdict) == (None, 49_999, "missed")


def test_what_has_no_mark_is_only_measured() -> None:
    """A figure without a mark is never called missed."""
    assert line(1, reference=1_000).verdict == "measured"


def test_the_slow_start_is_left_out_of_a_rate() -> None:
    """Ten records in the first ten seconds, then ninety in nine: 10/s, not 5/s."""
    times = [float(number) for number in range(10)] + [10 + number / 10 for number in range(91)]
    assert rate_after_warm_up(times, 0.2) == pytest.approx(10, rel=0.01)


def test_a_rate_without_time_is_refused() -> None:
    """One batch with one timestamp has no rate, rather than an endless one."""
    with pytest.raises(ValueError, match="same time"):
        rate_after_warm_up([5.0, 5.0, 5.0], 0)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    """Nearest rank: no value between two is made up."""
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, percent) for percent in (50, 99, 100)] == [50, 99, 100]
    assert percentile([7.0], 99) == 7


def test_the_json_file_holds_all_that_the_verdict_came_from() -> None:
    """Who doubts a verdict can work it out again."""
    made = line(30, 10, 20, reference=40, mark=Mark(0.4, 0.6))
    content = report.document([made], datetime(2026, 1, 1, tzinfo=UTC), 1.0, {"peer": "1"}, 0.1)
    [figure] = orjson.loads(orjson.dumps(content))["figures"]
    assert (figure["value"], figure["samples"]) == (20, [30, 10, 20])
    assert (figure["reference_value"], figure["ratio"], figure["first_mark"], figure["aim"]) == (40, 0.5, 0.4, 0.6)
    assert figure["reached"] == "first mark"


def test_the_table_shows_value_reference_ratio_and_verdict() -> None:
    """Everything side by side on one row."""
    console = Console(file=io.StringIO(), width=200)
    console.print(report.table([line(123_456, reference=61_728, mark=Mark(1.5, 2.3))]))
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert [
        part for part in ("123,456", "x/s", "61,728", "2", "≥ 1.5", "≥ 2.3", "first mark") if part not in printed
    ] == []


def test_an_answer_counts_only_when_it_is_whole() -> None:
    """A body that comes in two parts is one answer."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nServer: x\r\n\r\nbody"
    assert [answer_end(answer[:at]) for at in (10, len(answer) - 1)] == [-1, -1]
    assert answer_end(answer + b"HTTP") == len(answer)


def test_a_request_says_how_long_its_body_is() -> None:
    """A wrong length would have the server wait, and measure nothing."""
    request = request_bytes("/path", {"a": "b"}, b"12345")
    assert request.startswith(b"POST /path HTTP/1.1\r\n")
    assert request.endswith(b"content-length: 5\r\n\r\n12345")


def test_the_same_webhooks_come_every_time() -> None:
    """Two runs are compared over the same work."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert webhooks.paced(200, 20, now) == webhooks.paced(200, 20, now)
    assert webhooks.orders(200) == webhooks.orders(200)
    assert {webhook.kind for webhook in webhooks.orders(500)} <= {Kind.ORDER, Kind.REPEAT, Kind.EXAMPLE}


def test_paced_webhooks_of_an_order_do_not_crowd() -> None:
    """An order's own webhooks would wait for each other, and be counted as latency of the system."""
    made = webhooks.paced(400, 50, datetime(2026, 1, 1, tzinfo=UTC))
    last: dict[str, int] = {}
    gaps = []
    for webhook in made:
        document = orjson.loads(webhook.request.body)
        order = _order_of(document)
        if order in last:
            gaps.append(webhook.number - last[order])
        last[order] = webhook.number
    assert len(made) == 400
    assert min(gaps) > 25


def _order_of(document: dict[str, dict[str, object]]) -> str:
    """The order that a generated webhook is of, whichever platform's it is."""
    if "data" in document:
        return f"duda {document['data']['invoice_number']}"
    return f"selldone {document['basket']['id']}"


def test_every_figure_has_a_title_of_its_own() -> None:
    """`--only` and the progress bar name figures apart."""
    titles = [figure.title for figure in FIGURES.values()]
    assert len(set(titles)) == len(titles) == 6


def test_a_note_is_printed_once_for_the_lines_that_share_it() -> None:
    """p50 and p99 come from one run, and so do the ratios to several peers."""
    value = Samples("ours", "ms", (1.0,))
    made = [Line("delivered, p50", value, note="how"), Line("delivered, p99", value, note="how"), line(1)]
    assert report.notes(made) == ["delivered: how"]
