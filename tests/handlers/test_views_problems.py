"""Each code gets a sentence for who asked, and one for who must put it right."""

from __future__ import annotations

import re

import pytest

from coupons.settling import BODY_CHANGED, INTERRUPTED, NO_CLEAR_ANSWER, NOT_APPROVED
from handlers.views import problems
from tests.words import ENGLISH
from wechatpay import codes, errors

#: Raised before anything is sent or outside of sends: they end a start or a command, and reach no card.
NEVER_OF_A_SEND = {kind.code for kind in (errors.BadSetting, errors.BadRequest, errors.Undecryptable)}
OF_A_SEND = [code.name for code in codes.CODES if code.name not in NEVER_OF_A_SEND]


@pytest.mark.parametrize("code", [*OF_A_SEND, NO_CLEAR_ANSWER, INTERRUPTED, BODY_CHANGED, NOT_APPROVED])
def test_every_code_that_we_know_has_both_sentences(code: str) -> None:
    for sentence in (problems.for_agent(ENGLISH, code), problems.for_operator(ENGLISH, code)):
        assert code not in sentence, "a code that was looked up is told in words"
        assert re.fullmatch(r"[A-Z].*\.", sentence)


@pytest.mark.parametrize(
    "code",
    [
        code.name
        for code in codes.CODES
        if code.code_class is codes.CodeClass.OPERATOR and code.name in OF_A_SEND
    ],
)
def test_a_hold_tells_what_to_do_before_the_retry(code: str) -> None:
    assert "retry" in problems.for_operator(ENGLISH, code).casefold()
    # It goes on under its number: an agent who chose another stock would give two coupons.
    assert "another stock" not in problems.for_agent(ENGLISH, code)


def test_no_sentence_waits_for_a_code_that_never_comes() -> None:
    of_an_undo = {"COUPON_USED", "COUPON_EXPIRED", "COUPON_DELETED"}
    ours = {NO_CLEAR_ANSWER, INTERRUPTED, BODY_CHANGED, NOT_APPROVED}
    assert set(problems._ADVICE) == {*OF_A_SEND, *ours, *of_an_undo}


@pytest.mark.parametrize(
    ("spelling", "usual"), [("NOAUTH", "NO_AUTH"), ("notenough", "NOT_ENOUGH"), ("USERLIMIT", "USER_LIMIT")]
)
def test_a_code_is_known_in_any_of_its_spellings(spelling: str, usual: str) -> None:
    assert problems.for_agent(ENGLISH, spelling) == problems.for_agent(ENGLISH, usual)
    assert problems.for_operator(ENGLISH, spelling) == problems.for_operator(ENGLISH, usual)


@pytest.mark.parametrize("tell", [problems.for_agent, problems.for_operator])
def test_a_code_that_nobody_knows_is_shown_and_cannot_format(tell: object) -> None:
    assert callable(tell)
    assert "`HTTP_418`" in tell(ENGLISH, "HTTP_418")
    assert "`NEW'CODE &lt;!here&gt;`" in tell(ENGLISH, "NEW`CODE <!here>")
    assert tell(ENGLISH, "").endswith(".")
