"""What is said beside and in the files with the result of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from inline_snapshot import external_file

from coupons.batches import BatchState
from coupons.masking import masked
from coupons.model import Request, State
from coupons.spreadsheet import lines
from handlers.views import batch_result
from handlers.views.batch_result import Totals
from handlers.views.words import Words
from tests.handlers.test_batch_results import BATCH
from tests.handlers.test_views_limits import HOSTILE, check_mrkdwn
from tests.handlers.views_samples import NOW, OPENID, request
from tests.words import CHINESE, ENGLISH

FOLDER = Path(__file__).parent / "read_aloud"


def line(state: State, **changes: object) -> Request:
    held = {"problem": "NOT_ENOUGH", "attempts": 1}
    known = {
        State.SENT: {"coupon_code": "7777", "closed_at": NOW},
        State.REFUSED: {"problem": "RULELIMIT", "closed_at": NOW},
        State.HELD: held,
    }
    return replace(request(), state=state, batch=1, batch_row=2, **(known.get(state, {}) | changes))


def sentences(words: Words) -> Iterator[str]:
    done, totals = BATCH, Totals()
    totals.add(line(State.SENT))
    yield batch_result.comment(words, done, totals)
    for state in (State.SENT, State.HELD, State.REFUSED, State.DECLINED, State.CANCELLED):
        totals.add(line(state))
    totals.left_out = 1
    yield batch_result.comment(words, done, totals)
    totals.add(line(State.HELD))
    totals.left_out = 3
    yield batch_result.comment(words, done, totals)
    yield batch_result.not_taken(words, done, "missing_scope").text
    for state in State:
        yield f"{state}: {batch_result.explanation(words, done, line(state))}"
    doubtful = line(State.HELD, open_attempts=1, problem="NO_CLEAR_ANSWER")
    yield f"held: {batch_result.explanation(words, done, doubtful)}"
    closed = line(State.CLOSED, decline_reason="stock ended")
    yield f"closed: {batch_result.explanation(words, done, closed)}"
    back = line(State.SENT, undone_by=31)
    totals.add(back)
    yield batch_result.comment(words, done, totals)
    yield f"{batch_result.line(words, done, back)[2]}: {batch_result.explanation(words, done, back)}"


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_people_read_what_was_read_aloud(words: Words) -> None:
    mark = "zh" if words is CHINESE else "en"
    text = "\n".join(sentence.rstrip() for sentence in sentences(words)) + "\n"
    assert text == external_file(str(FOLDER / f"batch_result.{mark}.txt"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_s_name_formats_and_mentions_nothing(name: str) -> None:
    check_mrkdwn(batch_result.comment(ENGLISH, replace(BATCH, file_name=name), Totals()))


def test_a_line_names_no_openid_whatever_its_state() -> None:
    for state in State:
        left_line = batch_result.line(ENGLISH, BATCH, line(state, decline_reason=f"not {OPENID}"))
        assert OPENID not in lines([left_line])
    declined = replace(BATCH, state=BatchState.DECLINED)
    said = batch_result.explanation(ENGLISH, declined, line(State.DECLINED, decline_reason=OPENID))
    assert said == masked(OPENID)
