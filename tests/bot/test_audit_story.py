"""What an event says, in words, for `audit show` and the browser."""

from __future__ import annotations

from typing import Any

import pytest

from bot.wording.story import between, said
from coupons.events import Tag
from coupons.recording import Recorded

LINE = {"where": "command line", "user": "root"}
SLACK = {"where": "slack"}
REFUSED: dict[str, Any] = {"stock_id": "1212121212", "value_fen": 1000, "reason": "customer_limit"}


def event(tag: str, **detail: Any) -> Recorded:
    return Recorded(seq=5, ts=0, tag=tag, actor="U0FIN", request_id=None, detail=detail)


@pytest.mark.parametrize("tag", Tag)
def test_each_tag_has_words_and_needs_no_detail(tag: Tag) -> None:
    """Old rows may lack what a record has now."""
    told = said(event(tag))
    assert told
    assert tag not in told


def test_a_tag_of_another_version_is_told_with_all_it_says() -> None:
    assert said(event("moon:landed", where="crater", empty="")) == "moon:landed where=crater"


@pytest.mark.parametrize(
    ("tag", "detail", "words"),
    [
        (
            Tag.AUDIT_SEARCHED,
            {"words": "agent:U0LI late", "found": 12, "page": 2, **SLACK},
            "searched the log for agent:U0LI late: 12 found, in Slack",
        ),
        (Tag.AUDIT_SEARCHED, {"words": "", "found": 0}, "searched the log for everything: 0 found"),
        (
            Tag.AUDIT_SEARCHED,
            {"words": "late", "page": "requests", "where": "browser"},
            "searched the log for requests late, in the browser",
        ),
        (Tag.AUDIT_VIEWED, LINE, "looked at this story, as root on the command line"),
        (Tag.AUDIT_VIEWED, {"words": "late", "newest": 50}, "looked at the events of late"),
        (Tag.AUDIT_VIEWED, {"newest": 50}, "looked at the newest 50 events"),
        (Tag.AUDIT_VIEWED, {"page": "charts of 30 days"}, "looked at the page charts of 30 days"),
        (Tag.AUDIT_EXPORTED, {"words": "late"}, "took along late"),
        (Tag.AUDIT_EXPORTED, {"words": ""}, "took along everything"),
        (
            Tag.AUDIT_EXPORTED,
            {"first": 1, "last": 9, "head": "9c1185a5c5e9fc54aaaa", "format": "csv", **LINE},
            "took along #1 to #9, head 9c1185a5c5e9fc54, as root on the command line",
        ),
        (Tag.AUDIT_REPORTED, {"month": "2026-10", "format": "csv"}, "made the report of 2026-10, as csv"),
        (
            Tag.AUDIT_RECONCILED,
            {"month": "", "by": "bill", "found": {"both": 2, "only_there": 1}, "not_asked": 0},
            "compared all of the log with WeChat Pay, by bill: both 2, only_there 1",
        ),
        (Tag.OPENID_VIEWED, {"customer": 7, **SLACK}, "looked at the whole openid of customer 7, in Slack"),
        (
            Tag.CUSTOMER_ERASED,
            {"customer": 7, "why": "retention", "days": 730},
            "removed the openid of customer 7, who asked for nothing for 730 days",
        ),
        (
            Tag.COMMAND_REFUSED,
            {**REFUSED, "customer": 7, "limit": {"days": 30, "count": 2}},
            (
                "was refused a coupon of stock 1212121212 (10.00 yuan) for customer 7: "
                "the customer's limit was reached, limit 2 in 30 days"
            ),
        ),
        (
            Tag.COMMAND_REFUSED,
            {**REFUSED, "limit": {"days": 1, "count": 2, "fen": 5000}},
            (
                "was refused a coupon of stock 1212121212 (10.00 yuan): "
                "the customer's limit was reached, limit 2 / 50.00 yuan in 1 day"
            ),
        ),
        (
            Tag.SETTINGS_CHANGED,
            {"changed": ["limits"], "added": ["console.url", "home"], "removed": [], "digests": {"a": "b"}},
            "found other settings than at the last start: changed limits; added console.url, home",
        ),
        (
            Tag.DATABASE_RESTORED,
            {"kind": "tail", "posted_seq": 9, "posted_hash": "ab", "head_seq": 5},
            "paused sending: the log ends at #5 and does not hold what was posted of #9 (tail)",
        ),
        (
            Tag.NUMBERS_RAISED,
            {"seen": 12, "given_out": 3},
            "numbers requests from above #12, which Slack shows: this file had given out #3 at most",
        ),
        (
            Tag.CLOCK_DOUBTED,
            {"kind": "jumped", "ahead_ms": -93_600_000},
            "did not believe the machine's clock (jumped, off by -93600000 ms)",
        ),
        (Tag.CLOCK_CONFIRMED, {}, "believed the machine's clock again"),
        (
            Tag.WECHAT_CALLED,
            {"method": "POST", "path": "/v3/marketing/busifavor/callbacks", **LINE},
            "called WeChat Pay by hand: POST /v3/marketing/busifavor/callbacks, as root on the command line",
        ),
        (
            Tag.WECHAT_ANSWERED,
            {"call": 7, "verified": True, "status": 200},
            "WeChat Pay to call #7: HTTP 200, signature good",
        ),
        (
            Tag.WECHAT_ANSWERED,
            {"call": 7, "verified": False, "status": 200, "problem": "UNSIGNED"},
            "WeChat Pay to call #7: HTTP 200, UNSIGNED, no good signature",
        ),
        (
            Tag.WECHAT_ANSWERED,
            {"call": 7, "verified": False, "problem": "TIMEOUT"},
            "WeChat Pay to call #7: no answer, TIMEOUT",
        ),
        (
            Tag.DATABASE_RESTORED,
            {"kind": "key", "posted_seq": 9, "posted_hash": "ab", "head_seq": 12, "key": "9c1185a5c5e9fc54"},
            "paused sending: the checkpoint of #9 was signed with another key (9c1185a5c5e9fc54)",
        ),
        (
            Tag.AUDIT_KEY_CHANGED,
            {"key": "9c1185a5c5e9fc54" * 4, "before": "ab" * 32, "lost": [], "signature": "cd", **SLACK},
            "signs checkpoints with the key 9c1185a5c5e9fc54..., as the one before signed, in Slack",
        ),
        (
            Tag.AUDIT_KEY_CHANGED,
            {"key": "9c1185a5c5e9fc54" * 4, "lost": ["ab" * 8], "signature": "cd", **SLACK},
            "signs checkpoints with the key 9c1185a5c5e9fc54..., after abababababababab was lost, in Slack",
        ),
        (Tag.SENDING_PAUSED, {"reason": "wrong stock"}, "paused sending: wrong stock"),
        (
            Tag.CLICK_REFUSED,
            {"action": "urge", "reason": "too_soon"},
            (
                "was refused to remind the approvers of it: the approvers had been reminded less than half "
                "an hour before"
            ),
        ),
        (
            Tag.ATTEMPT_FINISHED,
            {"attempt": 2, "kind": "unknown", "verified": False, "code": "LOST", "message": "ReadError"},
            (
                "ended attempt 2: unknown (the connection broke before the answer came, NOT signed by WeChat "
                "Pay)"
            ),
        ),
        (
            Tag.ATTEMPT_FINISHED,
            {"attempt": 1, "kind": "refused", "verified": True, "code": "RULE_LIMIT", "message": "上限"},
            "ended attempt 1: refused (RULE_LIMIT 上限, signed by WeChat Pay)",
        ),
        (
            Tag.REQUEST_HELD,
            {"code": "NO_CLEAR_ANSWER", "not_known": True},
            (
                "holds it until a person puts something right: no answer could be believed for a long time; "
                "whether the coupon was given is not known"
            ),
        ),
        (
            Tag.COUPON_LOOKED_UP,
            {"result": "absent", "by": "hold", "absent": 2},
            (
                "looked for it among the customer's coupons: it is not there, since an approver wants to "
                "close it"
            ),
        ),
        (
            Tag.REQUEST_CLOSED,
            {"reason": "no budget", "looks": 2},
            (
                "closed it: nothing was given (2 looks at the customer's coupons did not find it); because: "
                "no budget"
            ),
        ),
        (
            Tag.REQUEST_CLOSED,
            {"reason": "", "looks": 0},
            "closed it: nothing was given (no attempt was open)",
        ),
    ],
)
def test_who_did_what_to_what_is_told(tag: Tag, detail: dict[str, Any], words: str) -> None:
    assert said(event(tag, **detail)) == words


@pytest.mark.parametrize(
    ("ms", "told"),
    [(0, "0 s"), (245_000, "4 min 5 s"), (7_800_000, "2 h 10 min"), (-5_000, "-5 s"), (86_400_000, "1 d")],
)
def test_the_time_between_two_events_is_told_in_two_units_at_most(ms: int, told: str) -> None:
    assert between(ms) == told
