"""A clock that is off is told to a person long before WeChat Pay refuses, and not at every request."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import NOW, Build, Platform
from wechatpay.skew import SkewWatch, seconds_ahead


class Heard(list[tuple[str, str]]):
    def __call__(self, word: str, sentence: str) -> None:
        self.append((word, sentence))


def dated(at: int) -> dict[str, str]:
    return {"date": formatdate(at, usegmt=True)}


@pytest.mark.parametrize("off", [-300, -60, 60, 299, 10**6])
def test_from_60_seconds_on_the_operator_is_told_which_way_and_how_far(off: int) -> None:
    heard = Heard()
    SkewWatch(heard).check(dated(NOW - off), now=NOW)
    [(word, sentence)] = heard
    assert word == "clock_off"
    assert f"{abs(off)} s {'ahead of' if off > 0 else 'behind'}" in sentence


@pytest.mark.parametrize("off", [-59, 0, 59])
def test_a_clock_that_is_right_enough_is_not_spoken_of(off: int) -> None:
    heard = Heard()
    watch = SkewWatch(heard)
    watch.check(dated(NOW - off), now=NOW)
    assert heard == []
    assert watch.seconds == off


def test_it_is_told_once_an_hour_and_not_for_each_answer() -> None:
    heard = Heard()
    watch = SkewWatch(heard)
    for second in range(0, 7201, 5):
        watch.check(dated(NOW + second - 90), now=NOW + second)
    assert len(heard) == 3  # at 0, 3600 and 7200


def test_a_clock_that_was_set_back_can_be_told_of_again() -> None:
    heard = Heard()
    watch = SkewWatch(heard)
    watch.check(dated(NOW), now=NOW + 500)
    watch.check(dated(NOW), now=NOW - 500)
    assert ["ahead" in sentence for _, sentence in heard] == [True, False]


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "0" * 5000, "\udc80"]
)
def test_a_date_that_cannot_be_read_says_nothing(date: str | None) -> None:
    heard = Heard()
    watch = SkewWatch(heard)
    watch.check({} if date is None else {"date": date}, now=NOW)
    assert heard == []
    assert watch.seconds is None
    watch.check(dated(NOW - 90), now=NOW)  # and does not use up the next look
    assert len(heard) == 1


# How long it takes on a busy machine is no promise.
@given(
    st.text()
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,9} \d{1,3}:\d\d:\d\d (GMT|[+-]\d{4})")
)
def test_no_date_whatever_crashes(date: str) -> None:
    ahead = seconds_ahead({"date": date}, now=NOW)
    assert ahead is None or isinstance(ahead, int)


async def test_the_client_notices_by_any_answer_also_an_unsigned_error(
    platform: Platform, build: Build
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>", headers={"Date": formatdate(NOW - 200, usegmt=True)})

    platform.answers.append(answer)
    heard = Heard()
    client = build(base_url=platform.url, tell=heard)
    await client.call("GET", "/v3/x")
    await client.call("GET", "/v3/x")
    assert client.skew.seconds == 200
    assert [word for word, _ in heard] == ["clock_off"]
