"""Whatever people type, Slack takes the message, and only we format, link and mention in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coupons.events import Tag
from coupons.masking import masked
from coupons.model import Approval, State
from coupons.permissions import Reason
from handlers.misread import Misread, Problem
from handlers.views import command_replies, direct_messages, modals, thread_replies
from handlers.views.escaping import clip, escape, without_openids
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.views_samples import (
    CATALOGUE,
    OPENID,
    REQUEST,
    event,
    every_message,
    now_messages,
    readable,
)
from tests.words import CHINESE, ENGLISH

BLOCKS = 50
ALL_BLOCKS = 13_200
TEXT = 4_000
#: What Slack itself understands between angle brackets, of what we may write.
TOKEN = re.compile(
    r"<@[UW][0-9A-Z]+>|<!subteam\^S[0-9A-Z]+>|<#[CGD][0-9A-Z]+>"
    r"|<!date\^[0-9]+\^\{date_short_pretty\} \{time\}\|"
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日) [0-9]{2}:[0-9]{2} UTC>"
    r"|<!date\^[0-9]+\^\{date_num\} \{time_secs\}\|"
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC>"
    r"|<http://127\.0\.0\.1:8001/sign-in\?token=token\|[^<>|]+>"
    r"|<https://shop\.slack\.com/archives/[CGD][0-9A-Z]+/p[0-9]+\|[^<>|]+>"
)
#: The ticket's: what is read is where it leads.
LINK = re.compile(r"<https?://[^<>|\s]+\|https?(?:://|：//)[^<>|]*>")
CODE = re.compile(r"`[^`\n]+`")
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

HOSTILE = [
    "<!channel>",
    "<@U0EVIL>",
    "<https://evil.example|free money>",
    "*bold* _italic_ ~strike~",
    "`code` ```block```",
    "&lt;!here&gt; &amp; &",
    ":white_check_mark: Sent",
    "\u202egnp.exe\u202c \u2067\u200f\u200b\ufeff",
    "\x00\x07\ud83d half",
    "> quote\n&gt; quote\n• list",
    "😀👨‍👩‍👧" * 40,
    "中文，全角ＡＢＣ",
    "https://desk.example/t/4711?a=1&b=2#x",
    "https://bank.example@evil.example/",
    "http://[half",
    "https://desk.example/<!channel>|free",
    "&" * 3_000,
    "x" * 3_000,
    '"\\' * 1_500,
    "",
    " ",
]
both_languages = pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
hostile_text = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from([*HOSTILE, "a", " "]), min_size=1, max_size=4).map("".join),
    st.text(st.characters(), max_size=60),
)


def check_message(message: Message) -> None:
    """Section by section, what Slack refuses; and its total."""
    assert 1 <= len(message.text) <= TEXT
    assert 1 <= len(message.blocks) <= BLOCKS
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= ALL_BLOCKS
    for block in message.blocks:
        check_block(block)
    for text in [message.text, *marked(message.blocks)]:
        check_mrkdwn(text)
    # What turns the reading direction round, or cannot be seen, could make a card read as another one.
    assert not UNSEEN.search(readable(message))


def check_block(block: dict[str, Any]) -> None:  # noqa: C901, PLR0912 - one case for each kind
    match block["type"]:
        case "header":
            check_text(block["text"], 150, "plain_text")
        case "section":
            assert len(block.get("fields", [])) <= 10
            assert ("text" in block) or block["fields"]
            for field in block.get("fields", []):
                check_text(field, 2_000)
            if "text" in block:
                check_text(block["text"], 3_000)
        case "context":
            assert 1 <= len(block["elements"]) <= 10
            for element in block["elements"]:
                check_text(element, 2_000)
        case "rich_text":
            for part in block["elements"]:
                for element in part["elements"]:
                    assert element["type"] == "text"
                    assert 1 <= len(element["text"]) <= 3_000
        case "actions":
            assert 1 <= len(block["elements"]) <= 25
            for element in block["elements"]:
                check_overflow(element) if element["type"] == "overflow" else check_button(element)
        case "divider":
            assert set(block) == {"type"}
        case other:
            pytest.fail(f"no other block is checked here: {other}")


def check_text(text: dict[str, Any], limit: int, kind: str = "mrkdwn") -> None:
    assert text["type"] == kind
    assert 1 <= len(text["text"]) <= limit
    # Else Slack makes links, channels and pictures of what only looks like them.
    assert text.get("verbatim") is True if kind == "mrkdwn" else text.get("emoji") is False


def check_button(button: dict[str, Any]) -> None:
    check_text(button["text"], 75, "plain_text")
    assert len(button["action_id"]) <= 255
    # Numbers of a request and an event, or a word of ours: nothing typed comes back as what was clicked.
    assert button["value"].replace(":", "", 1).isdigit() or button["value"].isalpha()
    if "confirm" in button:
        for name, limit in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
            check_text(button["confirm"][name], limit, "plain_text")


def check_overflow(menu: dict[str, Any]) -> None:
    assert 1 <= len(menu["options"]) <= 5
    for option in menu["options"]:
        check_text(option["text"], 75, "plain_text")
        assert re.fullmatch(r"(cancel|urge):[0-9]+", option["value"])
    check_button({**menu["options"][0], "action_id": menu["action_id"], "value": "1"})
    for name, limit in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
        check_text(menu["confirm"][name], limit, "plain_text")


def check_mrkdwn(text: str) -> None:
    bare = LINK.sub("", TOKEN.sub("", text))
    assert "<" not in bare
    assert ">" not in bare
    assert not re.search(r"&(?!amp;|lt;|gt;)", bare)


def marked(block: Any) -> Iterator[str]:
    """The mrkdwn texts in blocks."""
    if isinstance(block, list):
        for each in block:
            yield from marked(each)
    elif isinstance(block, dict):
        if block.get("type") == "mrkdwn":
            yield block["text"]
        for value in block.values():
            yield from marked(value)


def styled(block: Any) -> Iterator[dict[str, Any]]:
    """The styled runs of rich_text."""
    if isinstance(block, list):
        for each in block:
            yield from styled(each)
    elif isinstance(block, dict):
        if "style" in block and block.get("type") == "text":
            yield block
        yield from styled(block.get("elements", []))


def formatting(message: Message) -> list[str]:
    """The marks that format, per mrkdwn text of the blocks; those inside code spans don't."""
    return ["".join(re.findall(r"[*_~`]", CODE.sub("", text))) for text in marked(message.blocks)]


@both_languages
@example(typed="&" * 3_000, name="&" * 3_000, state=State.DECLINED)
@example(typed='"' * 3_000, name="<!channel>*" * 300, state=State.HELD)
@example(typed="&" * 3_000, name="&" * 3_000, state=State.HELD)
@example(typed="&" * 3_000, name="&" * 3_000, state=State.PENDING)
@given(typed=hostile_text, name=hostile_text, state=st.sampled_from(State))
def test_slack_takes_every_message_whatever_people_typed(
    words: Words, typed: str, name: str, state: State
) -> None:
    request = replace(
        REQUEST,
        state=state,
        reason=typed,
        decline_reason=typed,
        ticket=name,
        raised=(Reason.CUSTOMER_LIMIT, Reason.AUTOMATIC_CAP, typed),
        duplicate_of=11,
        follows=10,
        stock_name=name,
        stock_id=name,
        requester=typed,
        # Ours, at most as long as WeChat Pay takes it.
        out_request_no=name[:128],
        problem=name,
        attempts=1,
        closed_by=typed,
        closed_at=REQUEST.created_at,
    )
    approvals = [Approval(12, f"U{number}", 0) for number in range(60)] + [Approval(12, typed, 0)]
    for message in every_message(words, request, approvals, typed):
        check_message(message)


@both_languages
@given(typed=hostile_text.filter(str.strip), state=st.sampled_from(State))
def test_nothing_that_a_person_typed_formats(words: Words, typed: str, state: State) -> None:
    def drawn(text: str) -> list[list[str]]:
        request = replace(
            REQUEST,
            state=state,
            reason=text,
            decline_reason=text,
            ticket=f"{text} 4711",
            stock_name=text,
            stock_id=text,
            problem="X",
            attempts=1,
        )
        return [formatting(message) for message in now_messages(words, request, [])]

    assert drawn(typed) == drawn("harmless")


@given(text=hostile_text, limit=st.integers(2, 200))
def test_a_cut_never_ends_inside_an_escape_or_a_mention(text: str, limit: int) -> None:
    cut = clip(f"<@U0WANG> {escape(text)}", limit)
    assert len(cut) <= limit
    assert not re.search(r"&(?!amp;|lt;|gt;)", cut)
    assert cut.count("<") == cut.count(">")


@both_languages
@pytest.mark.parametrize("openid", [OPENID, "o" * 64, "oABCDEFGHIJKLMNO", "-_oUpF8uMuAJO_M2pxb1Q9zNjWeS_-"])
def test_an_openid_is_never_shown_whole(words: Words, openid: str) -> None:
    found = f"customer {openid} waits, also as o\u200b{openid}"
    for state in State:
        request = replace(REQUEST, state=state, openid=openid, reason=found, decline_reason=found)
        shown = "\n".join(readable(message) for message in now_messages(words, request, []))
        assert openid not in shown, state
        assert masked(openid) in shown, state


@example(text=f"{'x' * 15}X {'x' * 14}X X{'-' * 15} X{'-' * 14}")
@example(text=f"xx{'o' * 16} xxo{'x' * 15} xxo{'x' * 14} {'1' * 40}")
@example(text=f"中{'x' * 15}X，{'x' * 20}，xo{'1' * 30}")
@given(text=st.text(st.sampled_from("oOxX1_- ，中"), max_size=80))
def test_what_may_be_an_openid_is_a_long_word_with_a_capital_or_an_o(text: str) -> None:
    """Said once more, word by word; the pattern of the product looks at each sign once."""

    def hidden(word: str) -> str:
        at = 0 if re.search("[A-Z]", word) else word.find("o")
        return word if at < 0 or len(word) - at < 16 else word[:at] + masked(word[at:])

    assert without_openids(text) == re.sub(r"[0-9A-Za-z_-]+", lambda found: hidden(found[0]), text)


@both_languages
@pytest.mark.parametrize("problem", Problem)
def test_an_openid_typed_in_the_wrong_place_is_masked_too(words: Words, problem: Problem) -> None:
    misread = Misread(problem=problem, subcommand="status", read=f"{OPENID}", character="x")
    for message in (
        command_replies.misread(words, misread, CATALOGUE),
        command_replies.unknown_stock(words, OPENID, CATALOGUE),
    ):
        assert OPENID not in readable(message)


@both_languages
@pytest.mark.parametrize("coupon_code", ["7777 8888  9", "a`b\\c=d|e", "*_~<&>", "1" * 128])
def test_a_coupon_code_can_be_copied_as_it_is(words: Words, coupon_code: str) -> None:
    sent = event(Tag.REQUEST_SENT, coupon_code=coupon_code, by="answer")
    for message in (
        thread_replies.step(words, sent, REQUEST),
        direct_messages.to_requester(words, sent, REQUEST),
    ):
        check_message(message)
        (element,) = [part for part in styled(message.blocks) if part["style"] == {"code": True}]
        assert element["text"] == coupon_code


@pytest.mark.parametrize(
    ("openid", "shown"), [(OPENID, "oU…jWeS6o"), ("oABCDEFGHIJK", "oA…FGHIJK"), ("oABCD", "oA…"), ("", "…")]
)
def test_a_masked_openid_keeps_eight_characters_of_which_most_are_the_end(openid: str, shown: str) -> None:
    assert masked(openid) == shown


@both_languages
@pytest.mark.parametrize("number", [1, 10**18])
def test_slack_takes_the_decline_form(words: Words, number: int) -> None:
    form = modals.decline_modal(words, number, modals.Origin("C0APPROVE", "5.000100"))
    for name in ("title", "submit", "close"):
        assert 1 <= len(form[name]["text"]) <= 24
    assert len(form["private_metadata"]) <= 3_000
    (block,) = form["blocks"]
    assert len(block["label"]["text"]) <= 2_000
    assert len(block["hint"]["text"]) <= 2_000
