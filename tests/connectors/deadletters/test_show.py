"""What an operator sees is what lies there, and nothing that lies there steers the terminal."""

import io
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from rich.console import Console, RenderableType

from connectors.deadletters import show
from connectors.deadletters.model import Decision, Letter, Place, State, Verb
from streams.vocabulary import CommandType, DeadLetter, HttpExchange
from tests.connectors import make

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m[bold]x[/bold]\r\b"
DECISION = Decision(Verb.REDRIVE, "c-1", "external", "duda:shop/1", "ada", f"it is back{EVIL}", AT, Place("in", 0, 7))


def letter(**given: Any) -> Letter:
    fields: dict[str, Any] = {
        "id": "c-1",
        "type": CommandType.CREATE_ORDER,
        "target": "external",
        "order_key": "duda:shop/1",
        "receipt": "r-1",
        "state": State.HOLDING,
        "at": AT,
        "attempts": 3,
        "behind": 2,
        "reason": "rejected",
        "error": "HTTP 422",
    }
    return Letter(**fields | given)


def whole(body: str = "no") -> DeadLetter:
    exchange = HttpExchange(
        method="POST",
        url="http://127.0.0.1/api/orders",
        request_headers={"Idempotency-Key": "c-1"},
        request_body='{"order":1}',
        status=422,
        response_headers={"X-Reason": body},
        response_body=body,
        at=AT,
    )
    return DeadLetter(id="c-1", command=make.command(), exchange=exchange, attempts=3, reason="rejected", at=AT)


def printed(shown: RenderableType, width: int = 240) -> str:
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system=None, width=width, highlight=False, markup=False).print(shown)
    return out.getvalue()


@pytest.mark.parametrize(
    "shown",
    [
        show.letters_table([letter(error=EVIL, order_key=f"duda:{EVIL}")]),
        show.decisions_table([(DECISION, True)]),
        show.page(letter(error=EVIL), whole(EVIL), [DECISION]),
    ],
)
def test_what_others_sent_does_not_steer_the_terminal(shown: RenderableType) -> None:
    """An answer's body could clear the screen, set the title, or show another order than it is."""
    text = printed(shown)
    assert [] == [each for each in text if not each.isprintable() and each != "\n"]
    assert "[bold]x[/bold]" in text


def test_a_page_has_the_exchange_the_state_and_who_decided() -> None:
    """What a person needs to decide, at once."""
    text = printed(show.page(letter(), whole("sku P-1 is unknown"), [DECISION]))
    for expected in (
        *("holding", "rejected", "duda:shop/1", "POST http://127.0.0.1/api/orders", "Idempotency-Key: c-1"),
        *('{"order":1}', "HTTP 422", "sku P-1 is unknown", "redrive by ada", "2026-03-01 12:00:00", "ada@example.com"),
    ):
        assert expected in text
    assert "no longer kept" in printed(show.page(letter(), None, []))


def test_an_id_is_never_broken_or_cut() -> None:
    """It is copied into the next command."""
    id = "0123456789abcdef" * 2
    assert id in printed(show.letters_table([letter(id=id)]), width=80)


def test_a_waiting_decision_is_told_with_the_state() -> None:
    """Else the row looks as if nobody had done anything."""
    assert "redrive decided by ada" in printed(show.letters_table([letter(decided=DECISION)]))
    assert show.fields(letter(decided=DECISION))["decided"]["who"] == "ada"


def test_a_listing_in_ndjson_has_all_fields_and_none_of_the_order() -> None:
    """Scripts count on each field; no listing shows a customer."""
    line = orjson.loads(orjson.dumps(show.fields(letter())))
    assert line == {
        "id": "c-1",
        "type": "create_order",
        "target": "external",
        "order_key": "duda:shop/1",
        "receipt": "r-1",
        "state": "holding",
        "holds_order": True,
        "reason": "rejected",
        "error": "HTTP 422",
        "http_status": None,
        "attempts": 3,
        "redrives": 0,
        "behind": 2,
        "at": "2026-03-01T12:00:00+00:00",
        "decided": None,
    }


def test_a_whole_letter_in_ndjson_is_the_record_with_what_became_of_it() -> None:
    """As it lies in the topic; where it is no longer kept, what is still known."""
    line = orjson.loads(orjson.dumps(show.whole_fields(letter(state=State.DISCARDED), whole(), [DECISION])))
    assert line.items() >= whole().to_dict().items()
    assert (line["state"], line["decisions"][0]["who"]) == ("discarded", "ada")
    assert show.whole_fields(letter(), None, [])["order_key"] == "duda:shop/1"


def test_the_count_says_what_hangs_on_it() -> None:
    """The one line a person reads before saying yes."""
    letters = [letter(), letter(behind=0), letter(target="b", behind=1)]
    assert show.count(letters) == "3 dead letter(s) (b 1, external 2); 3 later command(s) wait behind them"
    assert show.count([]) == "no dead letters"
