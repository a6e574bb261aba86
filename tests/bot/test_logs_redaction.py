"""Whatever way it comes into a line of the log, a secret is hidden, and an openid shortened."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Redactor, mask_openid, start_logs
from tests.bot.test_logs import OPENID, SECRET, Terminal, _logging_as_it_was, lines, log, stream

__all__ = ["_logging_as_it_was", "log", "stream"]


#: How a text may get into a line.
WAYS: dict[str, Callable[[structlog.stdlib.BoundLogger, str], Any]] = {
    "value": lambda log, text: log.info("event", value=text),
    "event": lambda log, text: log.info(text),
    "nested": lambda log, text: log.info("event", value={"a": [{"b": (1, text)}], "c": {text}}),
    "key": lambda log, text: log.info("event", value={text: 1}),
    "bytes": lambda log, text: log.info("event", value=text.encode()),
    "object": lambda log, text: log.info("event", value=ValueError(text)),
    "too deep": lambda log, text: log.info("event", value=_deep(text)),
    "foreign": lambda _, text: logging.getLogger("aiohttp.server").info(text),
    "foreign argument": lambda _, text: logging.getLogger("aiohttp.server").info(
        "%s of %r", {"a": text}, [text]
    ),
    "foreign error": lambda _, text: logging.getLogger("asyncio").error("x", exc_info=ValueError(text)),
    "error": lambda log, text: log.error("event", exc_info=ValueError(text)),
    "broken line": lambda _, text: logging.getLogger("aiohttp.server").info("%d", text),
}


def _deep(text: str) -> object:
    value: object = text
    for _ in range(40):
        value = {"in": [value]}
    return value


PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0B\n-----END PRIVATE KEY-----"


HIDDEN_BY_FORM = {
    "bot token": ("xoxb-1234567890-abcDEF", "1234567890"),
    "rotated token": ("xoxe.xoxb-1-Mi0yLTEyMzQ", "Mi0yLTEyMzQ"),
    "refresh token": ("xoxe-1-My0xLTEyMzQ", "My0xLTEyMzQ"),
    "app token": ("xapp-1-A0123-4567-abcdef", "abcdef"),
    "PEM": (PEM, "kqhkiG9w0B"),
    "PEM on one line": (PEM.replace("\n", "\\n"), "kqhkiG9w0B"),
    "PEM cut off": (PEM[:-20], "kqhkiG9w0B"),
    "header": ('Authorization: WECHATPAY2-SHA256-RSA2048 mchid="19",signature="AbC=="', "AbC=="),
    "header in a dict": (str({"Authorization": "Bearer opaque1", "A": "b"}), "opaque1"),
    "header in JSON": (json.dumps({"Authorization": 'x mchid="19",signature="AbC=="'}), "AbC=="),
    "header in JSON in JSON": (json.dumps(json.dumps({"authorization": "Bearer opaque1"})), "opaque1"),
    "header in pairs": (str([(b"Authorization", b"Bearer opaque1")]), "opaque1"),
    "scheme alone": ('sent WECHATPAY2-SHA256-RSA2048 mchid="19",signature="AbC=="', "AbC=="),
    "response_url": ("to https://hooks.slack.com/commands/TeamX/2/abc", "TeamX"),
    "response_url as JSON": (r"https:\/\/hooks.slack.com\/actions\/TeamX\/2", "TeamX"),
    "response_url in a form": ("response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FTeamX&a=b", "TeamX"),
    "a stand-in's response_url": (str({"response_url": "http://127.0.0.1/r/TeamX"}), "TeamX"),
    "response_urls": (str({"response_urls": [{"response_url": "http://127.0.0.1/r/TeamX"}]}), "TeamX"),
    "Socket Mode address": ("wss://wss-primary.slack.com/link/?ticket=TeamX&app_id=2", "TeamX"),
    "openid": (OPENID, OPENID),
    "openid in a path": (f"/v3/marketing/favor/users/{OPENID}/coupons?x=1", OPENID),
    "openid after an escaped line break": (f"a\\n{OPENID}\\n", OPENID),
    "openid in a form": (f"%22{OPENID}%22", OPENID),
    "a configured secret": (f"see{SECRET}here", SECRET),
}


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_it_comes_a_secret_is_hidden(way: str, terminal: bool) -> None:
    for form, (text, secret) in HIDDEN_BY_FORM.items():
        stream = Terminal() if terminal else io.StringIO()
        WAYS[way](start_logs(stream, {SECRET}), text)
        assert stream.getvalue(), form
        assert secret not in stream.getvalue(), form


@pytest.mark.parametrize("key", ["response_url", "Authorization", "token", "response_urls", "Cookie"])
def test_the_value_under_a_secret_key_is_hidden_whatever_it_is(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO, key: str
) -> None:
    log.info("event", **{key: "opaque1"}, body={"inner": [{key: ["opaque1", 2]}]})
    (line,) = lines(stream)
    assert line[key] == "[hidden]"
    assert line["body"] == {"inner": [{key: "[hidden]"}]}


def test_the_rest_of_a_line_stays_readable(log: structlog.stdlib.BoundLogger, stream: io.StringIO) -> None:
    usual = {
        "request": 7,
        "out_request_no": "cb0123456789abcdef0123456789abcd",
        "coupon_code": "100000000001",
        "error": "SLACK_BOT_TOKEN does not begin with xoxb-; it must be the Bot User OAuth Token (xoxb-...)",
        "why": "the token was revoked, no authorization",
        "path": "tests/bot/order_of_the_long_names_in_a_path_that_goes_on.py",
        "ok": True,
        "none": None,
        "share": 0.5,
    }
    log.info("event", **usual)
    (line,) = lines(stream)
    assert line.items() >= usual.items() - {("error", usual["error"])}


def test_two_customers_can_still_be_told_apart(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO
) -> None:
    log.info("event", openid=OPENID)
    assert lines(stream)[0]["openid"] == "oU…jWeS6o"


@pytest.mark.parametrize(("openid", "masked"), [("x" * 16, "xx…xxxxxx"), ("x" * 15, "…"), ("", "…")])
def test_a_short_openid_is_hidden_as_a_whole(openid: str, masked: str) -> None:
    assert mask_openid(openid) == masked


tokens = st.text(st.sampled_from("abcXYZ0189_-"), min_size=16, max_size=64)


noise = st.text(max_size=20)


@given(openid=tokens, before=noise, after=noise)
def test_an_openid_named_in_a_line_is_masked_everywhere_in_it(openid: str, before: str, after: str) -> None:
    event = {
        "openid": openid,
        "event": f"{before}{openid}{after}",
        "deep": [{"x": {"openid": openid}, openid: 1}],
    }
    cleaned = Redactor(())(None, "info", dict(event))
    masked = mask_openid(openid)
    assert cleaned["openid"] == masked
    # The masked form holds four characters of each end, which noise may complete by chance.
    assert masked in cleaned["event"]
    assert openid not in str(cleaned["deep"])


@given(
    secret=st.text(min_size=6, max_size=80),
    before=noise,
    after=noise,
    way=st.sampled_from(["text", "dict", "repr"]),
)
def test_a_configured_secret_never_comes_through(secret: str, before: str, after: str, way: str) -> None:
    text = f"{before}{secret}{after}"
    redact = Redactor({secret, f"{secret}more"})
    value: object = {"text": text, "dict": {"a": [text]}, "repr": ValueError(text)}[way]
    found = str(redact(None, "info", {"event": value})["event"])
    hidden = secret in "[hidden]" or (way == "repr" and repr(secret)[1:-1] != secret)
    assert hidden or secret not in found.replace("[hidden]", "\0")


@given(
    token=st.from_regex(r"(xox[abeprs]|xapp)-[0-9A-Za-z]{8,20}(-[0-9A-Za-z]{1,20}){0,3}", fullmatch=True),
    before=noise,
    after=noise,
)
def test_no_token_comes_through(token: str, before: str, after: str) -> None:
    found = Redactor(()).text(f"{before}{token}{after}")
    assert token.partition("-")[2] not in found


def test_of_two_secrets_that_begin_alike_nothing_is_left() -> None:
    assert Redactor({"secret-one", "secret-one-more"}).text("<secret-one-more>") == "<[hidden]>"


@pytest.mark.parametrize("form", HIDDEN_BY_FORM)
def test_the_samples_hold_what_they_must_not_show(form: str) -> None:
    text, secret = HIDDEN_BY_FORM[form]
    assert secret in text


def test_a_very_short_secret_does_not_take_words_out_of_lines() -> None:
    assert Redactor({"", "a"}).text("a word") == "a word"
