"""The audit log in Slack: read aloud beside this file, never too long for Slack, and without openids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import external_file

from coupons.audit_words import BadWord, Found, WrongWord, hide_openids, read_words
from coupons.auditing import MOST_COUNTED, STORY_EVENTS, Page, SignInLink, Story
from coupons.coupon_states import CouponState
from coupons.events import Tag
from coupons.model import State
from coupons.recording import Recorded
from handlers.views import audit, audit_answers, story
from handlers.views.message import Message
from handlers.views.words import Words
from tests.handlers.test_views_limits import HOSTILE, check_block, check_message, check_mrkdwn, marked
from tests.handlers.test_views_read_aloud import lines, standing
from tests.handlers.views_samples import NOW, OPENID, WANG, event, events, written
from tests.words import CHINESE, ENGLISH

FOLDER = Path(__file__).parent / "read_aloud"
both_languages = pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
ATTEMPT: dict[str, Any] = {
    "attempt": 1,
    "kind": "refused",
    "status": 403,
    "code": "RULELIMIT",
    "verified": True,
    "wechatpay_request_id": "08F78BA5-0",
    "serial_no": "PUB_KEY_ID_0119",
}


def of_coupons() -> list[Recorded]:
    states = [("", state) for state in (*CouponState, "FROZEN")]
    changes = [*states, ("USED", "SENDED")]
    return [
        *(
            event(Tag.COUPON_CHANGED, state=state, before=before, happened_at=at, valid_until=at)
            for before, state in changes
            for at in (NOW, None)
        ),
        event(Tag.COUPON_VIEWED, "U0AGENT", requests=[12], failed=[]),
        event(Tag.COUPON_VIEWED, "U0AGENT", requests=[12], failed=[12]),
        event(Tag.COUPON_VIEWED, "U0AGENT", requests=[12, 9], failed=[9], customer=7),
    ]


def all_events(typed: str = "Already refunded") -> list[Recorded]:
    """At least one of each tag."""
    line = {"where": "command line", "user": "root"}
    found = [
        event(Tag.REQUEST_CREATED, "U0AGENT", stock_name="¥10 off", value_fen=1000, approvals_needed=2),
        event(Tag.REQUEST_CREATED, "U0AGENT", stock_id="1212121212", value_fen=500, approvals_needed=1),
        *events(typed),
        event(Tag.ATTEMPT_STARTED, attempt=1),
        event(Tag.ATTEMPT_FINISHED, **ATTEMPT),
        event(Tag.ATTEMPT_FINISHED, attempt=2, kind="unknown", verified=False),
        event(Tag.COUPON_LOOKED_UP, found=False),
        event(Tag.COUPON_LOOKED_UP, found=True),
        event(Tag.COUPON_RECEIVED, coupon_code="7777"),
        event(Tag.CLICK_REFUSED, "U0X", action="approve", reason="own_request"),
        event(Tag.COMMAND_REFUSED, "U0X", reason="agent_limit"),
        *refused_commands(),
        *of_batches(typed),
        *accesses(typed),
        event(Tag.CUSTOMER_ERASED, customer=7, why="retention", days=730),
        event(Tag.SETTINGS_CHANGED, changed=["limits.per_agent"], added=["console.url"], removed=[]),
        event(Tag.AUDIT_CHECKPOINT, seq=4_000),
        event(Tag.DATABASE_RESTORED, kind="tail", posted_seq=9, head_seq=5),
        event(Tag.DATABASE_RESTORED, kind="key", posted_seq=9, head_seq=12, key="9c1185a5c5e9fc54"),
        event(Tag.AUDIT_RECONCILED, "system", **line),
        event(Tag.WEEK_REPORTED, "system", people=["U0WANG", "U0LI"]),
        event(Tag.WEEK_REPORTED, "U0WANG", people=["U0WANG"]),
        event(Tag.WECHAT_CALLED, "system", method="POST", path="/v3/marketing/busifavor/callbacks", **line),
        event(Tag.WECHAT_ANSWERED, "system", call=4_000, verified=True, status=200, **line),
        event(Tag.WECHAT_ANSWERED, "system", call=4_000, verified=False, problem="TIMEOUT", **line),
    ]
    known = {each.tag for each in found}
    return [
        *found,
        *(event(tag, "U0FIN") for tag in Tag if tag not in known),
        event(Tag.AUDIT_VIEWED, **line),
    ]


def of_batches(typed: str) -> Iterator[Recorded]:
    made = {"batch": 3, "file_name": f"{typed}.xlsx", "size": 480, "value_fen": 480_000, "left_out": 2}
    yield event(Tag.BATCH_CREATED, "U0AGENT", **made)
    yield event(Tag.BATCH_CREATED, "U0AGENT", **{**made, "size": 1, "left_out": 0})
    line: dict[str, Any] = {"stock_name": "¥10 off", "value_fen": 1000, "approvals_needed": 2}
    yield event(Tag.REQUEST_CREATED, "U0AGENT", **line, batch=3, row=17)
    yield event(Tag.APPROVAL_GIVEN, "U0WANG", count=1, needed=2, batch=3)
    yield event(Tag.BATCH_APPROVED, "U0LI", batch=3, approvals=["U0WANG", "U0LI"])
    yield event(Tag.REQUEST_APPROVED, "U0LI", batch=3, approvals=["U0WANG", "U0LI"])
    yield event(Tag.BATCH_STRUCK, "U0WANG", batch=3, rows=[17, 20])
    for reason in (typed, ""):
        yield event(Tag.BATCH_DECLINED, "U0LI", batch=3, reason=reason)
    yield event(Tag.BATCH_CANCELLED, "U0AGENT", batch=3)
    yield event(Tag.BATCH_EXPIRED, batch=3)
    yield event(Tag.BATCH_PAUSED, "U0WANG", batch=3)
    yield event(Tag.BATCH_PAUSED, batch=3, code="NOT_ENOUGH")
    yield event(Tag.BATCH_PAUSED, batch=3, code="NOT_ENOUGH", stock_id="1212121212")
    for retried in (0, 1, 56):
        yield event(Tag.BATCH_RESUMED, "U0WANG", batch=3, retried=retried)
    yield event(Tag.BATCH_DONE, batch=3, states={"sent": 470, "refused": 9, "held": 1})
    for mention in (None, "S0MANAGERS"):
        yield event(Tag.REQUEST_REMINDED, batch=3, waited_ms=7_200_000, mention=mention)


def refused_commands() -> Iterator[Recorded]:
    coupon: dict[str, Any] = {"stock_id": "1212121212", "value_fen": 1000}
    yield event(Tag.COMMAND_REFUSED, "U0X", reason="not_agent", **coupon)
    for limit in ({"days": 30, "count": 2}, {"days": 1, "fen": 5000}, {"days": 7, "count": 9, "fen": 5000}):
        yield event(Tag.COMMAND_REFUSED, "U0X", reason="customer_limit", customer=7, limit=limit, **coupon)


def accesses(typed: str) -> Iterator[Recorded]:
    line = {"where": "command line", "user": "root"}
    for tag in (Tag.AUDIT_SEARCHED, Tag.AUDIT_VIEWED, Tag.AUDIT_EXPORTED):
        yield event(tag, "U0FIN", where="slack", words=typed)
        yield event(tag, "U0FIN", where="browser", page="self-approvals")
    yield event(Tag.AUDIT_SEARCHED, "U0FIN", where="slack", words="", page=1)
    yield event(Tag.AUDIT_SEARCHED, where="browser", words=typed, page="requests")
    yield event(Tag.AUDIT_VIEWED, newest=50, **line)
    yield event(Tag.AUDIT_EXPORTED, first=1, last=4_000, head="9c1185a5", format="jsonl", **line)
    yield event(Tag.AUDIT_REPORTED, month="2026-10", format="csv", **line)
    yield event(Tag.OPENID_VIEWED, "U0FIN", where="slack", customer=7)
    yield event(Tag.CUSTOMER_ERASED, customer=7, requests=2, **line)


def pages(typed: str) -> Iterator[Page]:
    states = [standing(state) for state in State]
    found = [Found(replace(each, reason=typed or each.reason), ("U0WANG",)) for each in states]
    yield Page(text="", below=(), count=0, following=None)
    yield Page(text=hide_openids(typed, None), below=(), requests=found, count=len(found), following=3)
    yield Page(
        text="agent:<@U0LI|li> late-10",
        below=(9,) * 80,
        requests=found[:1],
        count=MOST_COUNTED,
        following=None,
    )
    yield Page(text="tag:click:refused", below=(), events=all_events(typed), count=40, following=None)


def stories(typed: str) -> Iterator[Story]:
    sent = replace(standing(State.SENT), reason=typed)
    other = replace(sent, id=11, duplicate_of=12)
    found = all_events(typed)
    yield Story(request=sent, approvals=[WANG], events=found, others=[other], others_count=1)
    declined = replace(standing(State.DECLINED), decline_reason=typed)
    yield Story(request=sent, approvals=[WANG], events=of_coupons(), others=[], others_count=0)
    yield Story(request=declined, approvals=[], events=[], others=[], others_count=0)


def longest(typed: str) -> Story:
    sent = replace(standing(State.SENT), reason=typed)
    found = (all_events(typed) * STORY_EVENTS)[:STORY_EVENTS]
    return Story(request=sent, approvals=[WANG] * 30, events=found, others=[sent] * 10, others_count=40)


def views(words: Words, typed: str = "parcel came late") -> Iterator[dict[str, Any]]:
    for page in pages(typed):
        yield audit.results(words, page)
    yield audit.results(words, next(pages(typed)), note=audit_answers.on_its_way(words, 3))
    for found in stories(typed):
        yield audit.one(words, found)
    yield audit.one(words, next(stories(typed)), openid=OPENID)


def answers(words: Words, typed: str = "sinse:2026") -> Iterator[Message]:
    yield audit_answers.may_not_audit(words)
    yield audit_answers.no_such(words, 12)
    yield audit_answers.too_long(words, 4_000)
    yield audit_answers.did_not_open(words)
    yield audit_answers.how_to_ask(words)
    yield audit_answers.link(words, "http://127.0.0.1:8001", SignInLink("token", NOW))
    yield audit_answers.file_failed(words, "missing_scope")
    for wrong in WrongWord:
        yield audit_answers.bad_word(words, BadWord(wrong, "since", typed, ("2026-10", "2026-10-03")))
    yield audit_answers.bad_word(words, BadWord(WrongWord.BAD_VALUE, "agent", typed, ("@li",)))
    yield audit_answers.bad_word(words, BadWord(WrongWord.UNKNOWN_KEY, "since", typed))
    yield audit_answers.bad_word(words, BadWord(WrongWord.UNKNOWN_TAG, "tag", typed))


def spoken(words: Words) -> str:
    read = [
        "\n".join([f"{view['title']['text']} / {view['close']['text']}", *lines(view["blocks"])])
        for view in views(words)
    ]
    read += ["\n".join([found.text, *lines(found.blocks)]) for found in answers(words)]
    read += [audit_answers.on_its_way(words, count) for count in (1, 3, MOST_COUNTED)]
    read += [audit_answers.file_comment(words, text, rows=3, cut=True) for text in ("", "state:sent")]
    return "\n\n".join(dict.fromkeys(read)) + "\n"


@both_languages
def test_auditors_read_what_was_read_aloud(words: Words) -> None:
    mark = "zh" if words is CHINESE else "en"
    assert spoken(words) == external_file(str(FOLDER / f"audit.{mark}.txt"))


@both_languages
def test_each_event_has_its_own_sentence(words: Words) -> None:
    tags = {each.tag: story.sentence(words, each) for each in all_events()}
    assert set(tags) == set(Tag)
    assert [tag for tag, sentence in tags.items() if sentence == f"`{tag}`"] == []


@both_languages
@pytest.mark.parametrize(
    ("expected", "facts"),
    [
        (event(Tag.AUDIT_SEARCHED, words="agent:<@U0LI|li> late"), ["`agent:@li late`"]),
        (event(Tag.AUDIT_EXPORTED, words="state:sent"), ["`state:sent`"]),
        (event(Tag.AUDIT_EXPORTED, first=5, last=4_000), [" 5 ", " 4000"]),
        (event(Tag.AUDIT_VIEWED, words="state:sent"), ["`state:sent`"]),
        (event(Tag.AUDIT_VIEWED, page="charts of 30 days"), ["`charts of 30 days`"]),
        (event(Tag.OPENID_VIEWED, customer=7), [" 7"]),
        (event(Tag.CUSTOMER_ERASED, customer=7, why="retention", days=730), [" 7", "730"]),
        (event(Tag.CUSTOMER_ERASED, customer=7, user="root"), [" 7", "root"]),
        (event(Tag.AUDIT_REPORTED, month="2026-10"), ["`2026-10`"]),
        (
            event(
                Tag.COMMAND_REFUSED,
                "U0X",
                reason="customer_limit",
                stock_id="1212121212",
                value_fen=1000,
                customer=7,
                limit={"days": 30, "count": 2},
            ),
            ["<@U0X>", "`1212121212`", "¥10.00", " 7", " 2", "30"],
        ),
        (event(Tag.COMMAND_REFUSED, reason="r", limit={"days": 7, "fen": 5000}), ["¥50.00", "7"]),
    ],
    ids=lambda value: value.tag if isinstance(value, Recorded) else "",
)
def test_who_asked_for_what_is_told(words: Words, expected: Recorded, facts: list[str]) -> None:
    sentence = story.sentence(words, expected)
    assert [fact for fact in facts if fact not in sentence] == []


@both_languages
@pytest.mark.parametrize("tag", [Tag.AUDIT_SEARCHED, Tag.AUDIT_VIEWED, Tag.AUDIT_EXPORTED])
def test_no_words_of_a_look_mention_format_or_show_an_openid(words: Words, tag: Tag) -> None:
    sentence = story.sentence(words, event(tag, "U0FIN", words=f"<!channel> `*x*` code:{OPENID} <@U0LI>"))
    assert "<!channel>" not in sentence
    assert "<@U0LI>" not in sentence
    assert OPENID not in sentence
    assert sentence.count("`") == 2


@both_languages
@given(typed=st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300)))
@example(typed="x" * 3_000)
def test_slack_takes_every_view_and_answer_whatever_was_typed(words: Words, typed: str) -> None:
    for view in [*views(words, typed), audit.one(words, longest(typed))]:
        assert len(json.dumps(view)) < 250_000
        assert 1 <= len(view["blocks"]) <= 100
        assert len(view["title"]["text"]) <= 24
        for block in view["blocks"]:
            check_block(block)
        for text in marked(view["blocks"]):
            check_mrkdwn(text)
    for found in answers(words, typed):
        check_message(found)


@both_languages
def test_no_openid_is_shown_unless_it_was_asked_for(words: Words) -> None:
    typed = f"the customer wrote from {OPENID}"
    *without, asked_for = views(words, typed)
    assert OPENID not in json.dumps([list(written(view["blocks"])) for view in without])
    assert OPENID in json.dumps(list(written(asked_for["blocks"])))


def test_whatever_may_be_typed_fits_what_a_view_keeps() -> None:
    text = "中" * 500
    assert audit_answers.fits(text)
    assert not audit_answers.fits(text + "中")
    assert read_words(text, find_stock=lambda _: None).texts == (text,)
    page = Page(text=text, below=tuple(10**17 + n for n in range(500)), count=1, following=10**17)
    metadata = audit.results(ENGLISH, page)["private_metadata"]
    # https://docs.slack.dev/reference/views: at most 3,000 characters.
    assert len(metadata) <= 3_000
    assert audit.metadata_of({"private_metadata": metadata})["below"][-1] == 10**17 + 499
