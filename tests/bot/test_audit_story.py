"""What an event says, in words, for `audit show` and the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from coupons.events import Tag
from coupons.recording import SYSTEM, Recorded
from handlers.views.rendering import plain
from handlers.views.story import sentence
from handlers.views.words import Words
from tests.handlers.test_views_audit import all_events
from tests.words import CHINESE, ENGLISH

LINE = {"where": "command line", "user": "root"}
SLACK = {"where": "slack"}
REFUSED: dict[str, Any] = {"stock_id": "1212121212", "value_fen": 1000, "reason": "customer_limit"}


def event(tag: str, **detail: Any) -> Recorded:
    actor = SYSTEM if "user" in detail else "U0FIN"
    return Recorded(seq=5, ts=0, tag=tag, actor=actor, request_id=None, detail=detail)


def said(event: Recorded) -> str:
    return sentence(ENGLISH, event, plain())


def test_each_tag_has_words_and_needs_no_detail() -> None:
    """Old rows may lack what a record has now."""
    found = {tag: said(event(tag)) for tag in Tag}
    assert all(found.values())
    assert [tag for tag, words in found.items() if tag in words] == []


def test_a_tag_of_another_version_is_told_with_all_it_says() -> None:
    assert said(event("moon:landed", where="crater", empty="")) == "moon:landed where=crater"


@pytest.mark.parametrize(
    ("tag", "detail", "words"),
    [
        (
            Tag.AUDIT_SEARCHED,
            {"words": "agent:U0LI late", "found": 12, "page": 2, **SLACK},
            "U0FIN searched the audit log for “agent:U0LI late”: 12 found, in Slack",
        ),
        (
            Tag.AUDIT_SEARCHED,
            {"words": "", "found": 0},
            "U0FIN searched the audit log for everything: 0 found",
        ),
        (
            Tag.AUDIT_SEARCHED,
            {"words": "late", "page": "requests", "where": "browser"},
            "U0FIN searched the audit log for requests, “late”, in the browser",
        ),
        (Tag.AUDIT_VIEWED, LINE, "root on the command line looked at it in the audit log"),
        (
            Tag.AUDIT_VIEWED,
            {"words": "late", "newest": 50},
            "U0FIN looked at events of the audit log: “late”",
        ),
        (Tag.AUDIT_VIEWED, {"newest": 50}, "U0FIN looked at the newest 50 events of the audit log"),
        (
            Tag.AUDIT_VIEWED,
            {"page": "charts of 30 days"},
            "U0FIN looked at the page charts of 30 days of the audit log",
        ),
        (Tag.AUDIT_EXPORTED, {"words": "late"}, "U0FIN took along from the audit log: “late”"),
        (Tag.AUDIT_EXPORTED, {"words": ""}, "U0FIN took along from the audit log: everything"),
        (
            Tag.AUDIT_EXPORTED,
            {"first": 1, "last": 9, "head": "9c1185a5c5e9fc54aaaa", "format": "csv", **LINE},
            (
                "root on the command line took the audit log along, event 1 to 9, whose hash begins with "
                "9c1185a5c5e9fc54…"
            ),
        ),
        (
            Tag.AUDIT_REPORTED,
            {"month": "2026-10", "format": "csv"},
            "U0FIN made the report of 2026-10, as csv",
        ),
        (
            Tag.AUDIT_RECONCILED,
            {"month": "", "by": "bill", "found": {"both": 2, "only_there": 1}, "not_asked": 0},
            "U0FIN compared the whole log with WeChat Pay, by bill: both 2, only_there 1",
        ),
        (
            Tag.OPENID_VIEWED,
            {"customer": 7, **SLACK},
            "U0FIN looked at the whole openid of customer 7, in Slack",
        ),
        (
            Tag.CUSTOMER_ERASED,
            {"customer": 7, "why": "retention", "days": 730},
            "customer 7 was erased, since nobody asked for them for 730 days",
        ),
        (
            Tag.COMMAND_REFUSED,
            {**REFUSED, "customer": 7, "limit": {"days": 30, "count": 2}},
            (
                "U0FIN wanted to ask for a coupon and was not allowed to: the customer's limit was reached: "
                "stock 1212121212 (¥10.00), customer 7, limit 2 in 30 days"
            ),
        ),
        (
            Tag.COMMAND_REFUSED,
            {**REFUSED, "limit": {"days": 1, "count": 2, "fen": 5000}},
            (
                "U0FIN wanted to ask for a coupon and was not allowed to: the customer's limit was reached: "
                "stock 1212121212 (¥10.00), limit 2 / ¥50.00 in 1 day"
            ),
        ),
        (
            Tag.SETTINGS_CHANGED,
            {"changed": ["limits"], "added": ["console.url", "home"], "removed": [], "digests": {"a": "b"}},
            "settings differ from the last start: changed limits; added console.url, home",
        ),
        (
            Tag.DATABASE_RESTORED,
            {"kind": "tail", "posted_seq": 9, "posted_hash": "ab", "head_seq": 5},
            "sending was paused: the log ended at event 5, and event 9 had been posted",
        ),
        (
            Tag.NUMBERS_RAISED,
            {"seen": 12, "given_out": 3},
            "requests are numbered from above #12, which Slack shows: this file had given out #3 at most",
        ),
        (
            Tag.CLOCK_DOUBTED,
            {"kind": "jumped", "ahead_ms": -93_600_000},
            "the machine's clock was in doubt, off by -1 d 2 h: nothing expired and nobody was forgotten",
        ),
        (Tag.CLOCK_CONFIRMED, {}, "the machine's clock was believed again"),
        (
            Tag.WECHAT_CALLED,
            {"method": "POST", "path": "/v3/marketing/busifavor/callbacks", **LINE},
            "root on the command line called WeChat Pay by hand: POST /v3/marketing/busifavor/callbacks",
        ),
        (
            Tag.WECHAT_ANSWERED,
            {"call": 7, "verified": True, "status": 200},
            "WeChat Pay answered the call of event 7: HTTP 200, signature good",
        ),
        (
            Tag.WECHAT_ANSWERED,
            {"call": 7, "verified": False, "status": 200, "problem": "UNSIGNED"},
            (
                "WeChat Pay answered the call of event 7: HTTP 200, no good signature, "
                "an answer came without a signature"
            ),
        ),
        (
            Tag.WECHAT_ANSWERED,
            {"call": 7, "verified": False, "problem": "TIMEOUT"},
            "no answer of WeChat Pay's came to the call of event 7, no whole answer came in time",
        ),
        (
            Tag.DATABASE_RESTORED,
            {"kind": "key", "posted_seq": 9, "posted_hash": "ab", "head_seq": 12, "key": "9c1185a5c5e9fc54"},
            "sending was paused: the checkpoint of event 9 was signed with another key (9c1185a5c5e9fc54)",
        ),
        (
            Tag.AUDIT_KEY_CHANGED,
            {"key": "9c1185a5c5e9fc54" * 4, "before": "ab" * 32, "lost": [], "signature": "cd", **SLACK},
            (
                "U0FIN changed the key that signs checkpoints to 9c1185a5c5e9fc54…, as the one before "
                "signed, in Slack"
            ),
        ),
        (
            Tag.AUDIT_KEY_CHANGED,
            {"key": "9c1185a5c5e9fc54" * 4, "lost": ["ab" * 8], "signature": "cd", **SLACK},
            (
                "U0FIN changed the key that signs checkpoints to 9c1185a5c5e9fc54…, since abababababababab "
                "was lost, in Slack"
            ),
        ),
        (Tag.SENDING_PAUSED, {"reason": "wrong stock"}, "U0FIN paused sending: “wrong stock”"),
        (
            Tag.CLICK_REFUSED,
            {"action": "urge", "reason": "too_soon"},
            (
                "U0FIN wanted to remind the approvers of it and was not allowed to: the approvers had been "
                "reminded less than half an hour before"
            ),
        ),
        (
            Tag.ATTEMPT_FINISHED,
            {"attempt": 2, "kind": "unknown", "verified": False, "code": "LOST", "message": "ReadError"},
            ("attempt 2: not known, the connection broke before the answer came, no good signature"),
        ),
        (
            Tag.ATTEMPT_FINISHED,
            {"attempt": 1, "kind": "refused", "verified": True, "code": "RULE_LIMIT", "message": "上限"},
            "attempt 1: refused, WeChat Pay said RULE_LIMIT, “上限”, signature good",
        ),
        (
            Tag.ATTEMPT_LATE,
            {
                "attempt": 1,
                "kind": "sent",
                "verified": True,
                "status": 200,
                "code": "",
                "coupon_code": "7777",
            },
            "an answer came after its attempt was given up: attempt 1: sent, HTTP 200, signature good",
        ),
        (
            Tag.REQUEST_HELD,
            {"code": "NO_CLEAR_ANSWER", "not_known": True},
            (
                "it was held for a person: no answer could be believed for a long time; it was not known "
                "whether the customer got it"
            ),
        ),
        (
            Tag.COUPON_LOOKED_UP,
            {"result": "absent", "by": "hold", "absent": 2},
            (
                "the customer's list at WeChat Pay was looked through, and the coupon was not there; an "
                "approver wants to close it"
            ),
        ),
        (
            Tag.REQUEST_CLOSED,
            {"reason": "no budget", "looks": 2},
            (
                "U0FIN closed it: nothing was given, and 2 lookups in the customer's list did not find it: "
                "“no budget”"
            ),
        ),
        (
            Tag.REQUEST_CLOSED,
            {"reason": "", "looks": 0},
            "U0FIN closed it: nothing was given, and no attempt was open",
        ),
    ],
)
def test_who_did_what_to_what_is_told(tag: Tag, detail: dict[str, Any], words: str) -> None:
    assert said(event(tag, **detail)) == words


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_terminal_and_a_browser_are_told_the_same_in_both_languages_without_slack_s_marks(
    words: Words,
) -> None:
    typed = "R&D *bold* <@U0LI>"
    for each in [*all_events(typed), *(event(tag, reason=typed, words=typed) for tag in Tag)]:
        found = sentence(words, each, plain(lambda person: f"{person}, called Li"))
        assert not re.search(r"`|&amp;|&lt;|＊|<!", found)
        assert "<@U0FIN>" not in found
        assert each.actor == SYSTEM or each.actor not in found or f"{each.actor}, called Li" in found
        assert words is ENGLISH or re.search(r"[\u4e00-\u9fff]", found)
        if typed in "".join(map(str, each.detail.values())) and "R&" in sentence(words, each).replace(
            "amp;", ""
        ):
            assert typed in found


@pytest.mark.parametrize(
    ("ms", "expected"),
    [(0, "0 s"), (245_000, "4 min 5 s"), (7_800_000, "2 h 10 min"), (-5_000, "-5 s"), (86_400_000, "1 d")],
)
def test_the_time_between_two_events_is_told_in_two_units_at_most(ms: int, expected: str) -> None:
    assert ENGLISH.duration(ms) == expected
    chinese = {" d": " 天", " h": " 小时", " min": " 分", " s": " 秒"}
    assert CHINESE.duration(ms) == re.sub("|".join(chinese), lambda unit: chinese[unit[0]], expected)
