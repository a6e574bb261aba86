"""What may be typed to search the log: every key, its other spellings, and each way to get it wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coupons.audit_words import KEYS, NOBODY, BadWord, Filter, WrongWord, hide_openids, read_words
from coupons.events import Tag
from coupons.model import State

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
#: 2026-10-01 00:00 in Beijing is 2026-09-30 16:00 UTC.
OCTOBER = 1_790_784_000_000
DAY = 86_400_000
NOVEMBER = OCTOBER + 31 * DAY


def find_stock(word: str) -> str | None:
    return {"late-10": "1212121212", "1212121212": "1212121212"}.get(word.casefold())


def read(text: str) -> Filter:
    return read_words(text, find_stock=find_stock)


READ: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {}),
    (" \n　", {}),
    ("#12", {"request": 12}),
    ("request:12", {"request": 12}),
    # A number alone is the request of that number, where there is one.
    ("12", {"request": 12, "or_text": "12"}),
    ("12 state:sent", {"request": 12, "or_text": "12", "state": State.SENT}),
    ('"12"', {"texts": ("12",)}),
    ("12 days", {"texts": ("12", "days")}),
    ("12 13", {"texts": ("12", "13")}),
    ("request:5 12", {"request": 5, "texts": ("12",)}),
    ("0012", {"texts": ("0012",)}),
    ("3564492952157993399296", {"texts": ("3564492952157993399296",)}),
    # Events have numbers in their words.
    ("tag:attempt:finished 403", {"tag": Tag.ATTEMPT_FINISHED, "texts": ("403",)}),
    ("request:#12", {"request": 12}),
    ("Request：12", {"request": 12}),
    (OPENID, {"openid": OPENID}),
    (f"openid:{OPENID}", {"openid": OPENID}),
    ("openid:A_odd-one_of_another", {"openid": "A_odd-one_of_another"}),
    ("customer:7", {"customer": 7}),
    ("agent:@U0LI", {"agent": "U0LI"}),
    ("agent:U0LI", {"agent": "U0LI"}),
    ("agent:<@U0LI>", {"agent": "U0LI"}),
    ("agent:<@U0LI|li>", {"agent": "U0LI"}),
    ("agent:<@U0LI|li ming>", {"agent": "U0LI"}),
    ("approver：<@W0WANG|王>", {"approver": "W0WANG"}),
    ("actor:system", {"actor": "system"}),
    ("actor:@U0LI", {"actor": "U0LI"}),
    ("stock:late-10", {"stock_id": "1212121212"}),
    ("stock:LATE-10", {"stock_id": "1212121212"}),
    ("late-10", {"stock_id": "1212121212"}),
    ("stock:999gone", {"stock_id": "999gone"}),
    ("ticket:ZD-1234", {"ticket": "ZD-1234"}),
    ('ticket:"ZD 1234"', {"ticket": "ZD 1234"}),
    ("ticket:“ZD 1234”", {"ticket": "ZD 1234"}),
    ("ticket:https://desk.example/1?a=b:c", {"ticket": "https://desk.example/1?a=b:c"}),
    ("code:1212000000000001", {"coupon_code": "1212000000000001"}),
    *((f"state:{state}", {"state": state}) for state in State),
    ("state:SENT", {"state": State.SENT}),
    *((f"tag:{tag}", {"tag": tag}) for tag in Tag),
    ("tag:request：sent", {"tag": Tag.REQUEST_SENT}),
    ("amount:10", {"least_fen": 1000, "most_fen": 1000}),
    ("amount:0.5", {"least_fen": 50, "most_fen": 50}),
    ("amount:¥10.05", {"least_fen": 1005, "most_fen": 1005}),
    ("amount:>=20", {"least_fen": 2000}),
    ("amount:>20", {"least_fen": 2001}),
    ("amount:<=20", {"most_fen": 2000}),
    ("amount:<20", {"most_fen": 1999}),
    ("amount:<=0", {"most_fen": 0}),
    ("amount:5..20", {"least_fen": 500, "most_fen": 2000}),
    ("since:2026-10", {"since": OCTOBER}),
    ("until:2026-10", {"before": NOVEMBER}),
    ("on:2026-10", {"since": OCTOBER, "before": NOVEMBER}),
    ("since:2026-10-03", {"since": OCTOBER + 2 * DAY}),
    ("until:2026-10-03", {"before": OCTOBER + 3 * DAY}),
    ("on:2026-10-3", {"since": OCTOBER + 2 * DAY, "before": OCTOBER + 3 * DAY}),
    ("since:2026-10-31 until:2026-11", {"since": NOVEMBER - DAY, "before": NOVEMBER + 30 * DAY}),
    # Two that overlap narrow further, in either order.
    ("on:2026-10 since:2026-10-03", {"since": OCTOBER + 2 * DAY, "before": NOVEMBER}),
    ("since:2026-10-03 on:2026-10", {"since": OCTOBER + 2 * DAY, "before": NOVEMBER}),
    ("until:2026-10-03 on:2026-10", {"since": OCTOBER, "before": OCTOBER + 3 * DAY}),
    ("four late", {"texts": ("four", "late")}),
    ('"four days late"', {"texts": ("four days late",)}),
    ("“迟到 四天” 物流", {"texts": ("迟到 四天", "物流")}),
    ('"state:sent"', {"texts": ("state:sent",)}),
    ('"late-10"', {"texts": ("late-10",)}),
    ('""', {}),
    ('"not closed', {"texts": ("not", "closed")}),
    ("https://desk.example/1", {"texts": ("https://desk.example/1",)}),
    ("12:30", {"texts": ("12:30",)}),
    ("#12a", {"texts": ("#12a",)}),
    ("tag:Request:Sent", {"tag": Tag.REQUEST_SENT}),
    (
        "agent:<@U0LI|li> state:refused since:2026-10 late-10 迟到",
        {
            "agent": "U0LI",
            "state": State.REFUSED,
            "since": OCTOBER,
            "stock_id": "1212121212",
            "texts": ("迟到",),
        },
    ),
    (
        "tag:click:refused actor:U0LI #3 late",
        {"tag": Tag.CLICK_REFUSED, "actor": "U0LI", "request": 3, "texts": ("late",)},
    ),
)


@pytest.mark.parametrize(("text", "meant"), READ, ids=[text for text, _ in READ])
def test_is_read_as_meant(text: str, meant: dict[str, Any]) -> None:
    assert read(text) == Filter(**meant)


def test_every_key_is_tried_above() -> None:
    tried = " ".join(text.casefold().replace("：", ":") for text, _ in READ)
    assert [key for key in KEYS if f"{key}:" not in tried] == []


WRONG = (
    ("stat:sent", WrongWord.UNKNOWN_KEY, "stat", "sent", "state"),
    ("Agnet:@U0LI", WrongWord.UNKNOWN_KEY, "Agnet", "@U0LI", "agent"),
    ("qqqqq:1", WrongWord.UNKNOWN_KEY, "qqqqq", "1", None),
    ("request:twelve", WrongWord.BAD_VALUE, "request", "twelve", "12"),
    ("request:0", WrongWord.BAD_VALUE, "request", "0", "12"),
    ("request:99999999999999999999", WrongWord.BAD_VALUE, "request", "99999999999999999999", "12"),
    ("customer:-1", WrongWord.BAD_VALUE, "customer", "-1", "7"),
    ("openid:short", WrongWord.BAD_VALUE, "openid", "short", OPENID),
    ("agent:li", WrongWord.BAD_VALUE, "agent", "li", "@li"),
    ("agent:system", WrongWord.BAD_VALUE, "agent", "system", "@li"),
    ("approver:", WrongWord.BAD_VALUE, "approver", "", "@wang"),
    ("stock:迟到", WrongWord.BAD_VALUE, "stock", "迟到", "late-10"),
    ("ticket:", WrongWord.BAD_VALUE, "ticket", "", "ZD-1234"),
    ('ticket:""', WrongWord.BAD_VALUE, "ticket", "", "ZD-1234"),
    ("code:", WrongWord.BAD_VALUE, "code", "", "1212000000000001"),
    ("state:done", WrongWord.BAD_VALUE, "state", "done", "sent"),
    ("tag:request:send", WrongWord.UNKNOWN_TAG, "tag", "request:send", "request:sent"),
    ("tag:audit", WrongWord.UNKNOWN_TAG, "tag", "audit", "audit:reconciled"),
    ("tag:Viewed:", WrongWord.UNKNOWN_TAG, "tag", "Viewed:", "openid:viewed"),
    ("tag:nonsense", WrongWord.UNKNOWN_TAG, "tag", "nonsense", None),
    ("tag:", WrongWord.UNKNOWN_TAG, "tag", "", None),
    ("#0", WrongWord.NO_NUMBER, "#0", "", "#12"),
    ("late #9999999999999999999", WrongWord.NO_NUMBER, "#9999999999999999999", "", "#12"),
    ("amount:ten", WrongWord.BAD_VALUE, "amount", "ten", "10, >=20, 5..20"),
    ("amount:1.005", WrongWord.BAD_VALUE, "amount", "1.005", "10, >=20, 5..20"),
    ("amount:..5", WrongWord.BAD_VALUE, "amount", "..5", "10, >=20, 5..20"),
    ("amount:20..5", WrongWord.BAD_VALUE, "amount", "20..5", "10, >=20, 5..20"),
    ("since:yesterday", WrongWord.BAD_VALUE, "since", "yesterday", "2026-10, 2026-10-03"),
    ("since:2026-13", WrongWord.BAD_VALUE, "since", "2026-13", "2026-10, 2026-10-03"),
    ("on:2026-02-30", WrongWord.BAD_VALUE, "on", "2026-02-30", "2026-10, 2026-10-03"),
    ("on:0000-01", WrongWord.BAD_VALUE, "on", "0000-01", "2026-10, 2026-10-03"),
    ("on:9999-12-31", WrongWord.BAD_VALUE, "on", "9999-12-31", "2026-10, 2026-10-03"),
    ("until:9999-12", WrongWord.BAD_VALUE, "until", "9999-12", "2026-10, 2026-10-03"),
    ("!!", WrongWord.ONLY_SIGNS, "!!", "", None),
    ('parcel "…?"', WrongWord.ONLY_SIGNS, "…?", "", None),
    ("since:2026-11 until:2026-10", WrongWord.NO_DAY, "until", "", "since"),
    ("on:2026-10 since:2026-11", WrongWord.NO_DAY, "since", "", "on"),
    ("state:sent state:held", WrongWord.TWICE, "state", "", None),
    ("#1 request:2", WrongWord.TWICE, "request", "", None),
    ("#1 #2", WrongWord.TWICE, "request", "", None),
    (f"openid:{OPENID} {OPENID}", WrongWord.TWICE, "openid", "", None),
    ("late-10 stock:999", WrongWord.TWICE, "stock", "", None),
    # Events know nothing of it, and to leave it out would show too much as if it were all.
    ("tag:request:sent agent:U0LI", WrongWord.NOT_OF_EVENTS, "agent", "", "tag"),
    ("late-10 actor:U0LI", WrongWord.NOT_OF_EVENTS, "stock", "", "tag"),
    (f"{OPENID} tag:request:sent", WrongWord.NOT_OF_EVENTS, "openid", "", "tag"),
)


@pytest.mark.parametrize(("text", "wrong", "key", "value", "right"), WRONG, ids=[each[0] for each in WRONG])
def test_what_cannot_be_read_says_what_would_be_right(
    text: str, wrong: WrongWord, key: str, value: str, right: str | None
) -> None:
    with pytest.raises(BadWord) as found:
        read(text)
    error = found.value
    assert (error.wrong, error.key, error.read) == (wrong, key, value)
    assert error.right == () if right is None else right in error.right


def test_only_the_dates_that_were_typed_are_named() -> None:
    with pytest.raises(BadWord) as found:
        read("on:2026-10 late since:2026-11")
    assert found.value.right == ("on", "since")


_SOME = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.one_of(
            st.sampled_from(
                [f"{key}:" for key in KEYS] + ['"', "“", "”", "<@", "|", ">", " ", "..", "#", "："]
            ),
            st.sampled_from(
                ["2026-10", "9999-12-31", "0001-01-01", "U0LI", OPENID, "late-10", "1", "<=", "¥"]
            ),
            st.text(max_size=4),
        ),
        max_size=12,
    ).map("".join),
)


@given(_SOME)
@example("on:9999-12-31")
@example("since:0001-01-01")
@example("\x00 \ud800")
def test_whatever_is_typed_is_read_or_told_and_never_worse(text: str) -> None:
    try:
        found = read(text)
    except BadWord:
        return
    assert all(isinstance(each, str) and each.strip() for each in found.texts)


@given(
    st.lists(
        st.sampled_from(["late", "迟到", "ZD-1", "4天", "https://a.example/b:c", "a“b”", "x,y"]), max_size=6
    )
)
def test_words_without_a_key_are_what_is_looked_for_in_their_order(words: list[str]) -> None:
    assert read(" ".join(words)).texts == tuple(words)


# --- what is kept of a search


@pytest.mark.parametrize("openid", [OPENID, "A_odd-one_of_another"])
@pytest.mark.parametrize("key", ["openid:{}", "OpenID：{}", 'openid:"{}"', "openid:“{}”"])
def test_no_openid_that_was_asked_for_is_kept(openid: str, key: str) -> None:
    for around in ("{}", "late {} x", '"late"{}', "“late”{}", "late\u3000{}\u3000x", "({})", "x，{}，y"):
        kept = hide_openids(around.format(key.format(openid)), 7)
        assert openid not in kept
        assert "customer:7" in kept


@pytest.mark.parametrize("customer", [7, None])
def test_an_openid_without_its_key_is_not_kept_either(customer: int | None) -> None:
    for text in (OPENID, f"late\u3000{OPENID}", f'"{OPENID}"', f"ticket:{OPENID}"):
        assert OPENID not in hide_openids(text, customer)


def test_what_is_kept_means_the_same() -> None:
    assert read(hide_openids(f"late openid:{OPENID} state:sent", 7)) == read("late customer:7 state:sent")
    assert hide_openids("agent:U0LI late", None) == "agent:U0LI late"
    unknown = hide_openids(f"late openid:{OPENID} state:sent", NOBODY)
    assert unknown == "late openid:? state:sent"
    assert read(unknown) == replace(read("late customer:7 state:sent"), customer=NOBODY)
    for both in ("openid:? customer:7", "customer:7 openid:?"):
        assert read(both).customer == NOBODY
