"""The form: within Slack's limits whatever is put in, in both languages, and nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.asking import Outlook, Stopped
from coupons.model import Pause
from coupons.permissions import YES, Decision, Reason
from coupons.rules import Terms
from handlers.views import form, inputs
from handlers.views.form import Filled
from handlers.views.words import Words
from tests.handlers.views_samples import NOW, OPENID, STOCKS, request, written
from tests.words import CHINESE, ENGLISH

TERMS = Terms(decision=YES, approvals_needed=2, place=1, approvers=("U0WANG",))


def check(view: dict[str, object]) -> None:
    """https://api.slack.com/reference/surfaces/views and the limits of its blocks."""
    assert len(json.dumps(view)) < 250_000
    assert len(str(view["private_metadata"])) <= 3000
    for name in ("title", "submit", "close"):
        part = view[name]
        assert isinstance(part, dict)
        assert 1 <= len(part["text"]) <= 24
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    assert len(blocks) <= 100
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            assert len(block["label"]["text"]) <= 2000
            assert len(element.get("initial_value", "")) <= element.get("max_length", 3000)
            option = element.get("initial_option")
            assert option is None or 1 <= len(option["text"]["text"]) <= 75


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.language)
@given(typed=st.text(max_size=700), name=st.text(min_size=1, max_size=200))
def test_slack_takes_the_form_whatever_is_in_it(words: Words, typed: str, name: str) -> None:
    filled = Filled(
        openid=typed,
        stock=replace(STOCKS[0], name=name, alias=name[:40]),
        reason=typed,
        ticket=typed,
        follows=12,
        channel="C0SUPPORT",
    )
    check(form.send_form(words, filled, duplicate=request(reason=typed)))
    assert all(
        len(option["text"]["text"]) <= 75
        for option in inputs.stock_options(words, [filled.stock] * 200 if filled.stock else [])
    )
    assert len(inputs.stock_options(words, [STOCKS[0]] * 200)) == 100


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.language)
def test_the_hint_says_what_asking_comes_to(words: Words) -> None:
    pause = Pause("U0LI", NOW, "")
    shown = set()
    for outlook in (
        Stopped(Decision(Reason.NOT_AGENT)),
        Outlook(terms=TERMS, able=("U0WANG", "U0ZHAO"), left=(), duplicate=None, pause=None),
        Outlook(terms=TERMS, able=("U0WANG",), left=(), duplicate=None, pause=None),
        Outlook(terms=TERMS, able=(), left=(), duplicate=None, pause=pause),
        Outlook(terms=replace(TERMS, approvals_needed=0), able=(), left=(), duplicate=None, pause=None),
        Outlook(
            terms=replace(TERMS, decision=Decision(Reason.BUDGET_LIMIT)),
            able=(),
            left=(),
            duplicate=None,
            pause=None,
        ),
    ):
        [text] = [text for block in form.hint(words, outlook) for text in written(block)]
        assert OPENID not in text
        shown.add(text)
    assert len(shown) == 6


def test_what_somebody_else_put_into_the_metadata_is_harmless() -> None:
    for metadata in ("", "[]", "{", '{"follows": "12"}', "null"):
        assert isinstance(inputs.metadata_of({"private_metadata": metadata}), dict)
