"""What a log line looks like, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
import re
import traceback
import urllib.parse
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.logs import Redactor, Seldom, mask_openid, reference, start_logs

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, show = root.handlers[:], root.level, warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], warnings.showwarning = handlers, show
    root.setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> structlog.stdlib.BoundLogger:
    return start_logs(stream, {SECRET})


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- the form


def test_a_line_is_one_json_object_with_the_time_in_utc(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO
) -> None:
    log.bind(request=7).info("request_sent", stock="迟到\n10", attempts=2)
    (line,) = lines(stream)
    written = datetime.fromisoformat(line.pop("timestamp"))
    assert written.utcoffset() == datetime.now(UTC).utcoffset()
    assert line == {
        "event": "request_sent",
        "request": 7,
        "stock": "迟到\n10",
        "attempts": 2,
        "logger": "bot",
        "level": "info",
    }


def test_on_a_terminal_it_is_no_json_and_has_no_secret_either() -> None:
    stream = Terminal()
    log = start_logs(stream, {SECRET})
    log.error("trouble", value=SECRET, exc_info=ValueError(f"bad {SECRET}"))
    assert "trouble" in stream.getvalue()
    assert "ValueError: bad [hidden]" in stream.getvalue()
    assert SECRET not in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        lines(stream)


def test_lines_of_other_libraries_have_the_same_form(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO
) -> None:
    logging.getLogger("slack_sdk.socket_mode").warning("session %s lost", 3)
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["level"]) == (
        "session 3 lost",
        "slack_sdk.socket_mode",
        "warning",
    )
    assert line["timestamp"].endswith("Z")


def test_a_warning_of_python_is_a_line(log: structlog.stdlib.BoundLogger, stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"old {SECRET}", DeprecationWarning, stacklevel=1)
    (line,) = lines(stream)
    assert "DeprecationWarning: old [hidden]" in line["event"]


def test_started_again_each_line_is_written_once(stream: io.StringIO) -> None:
    start_logs(io.StringIO(), ())
    log = start_logs(stream, {SECRET})
    log.info("once", value=SECRET)
    (line,) = lines(stream)
    assert line["value"] == "[hidden]"


def test_a_reference_is_short_and_its_own() -> None:
    references = {reference() for _ in range(50)}
    assert len(references) > 40
    assert all(re.fullmatch("[0-9a-f]{6}", each) for each in references)


# --- quiet


@pytest.mark.parametrize(
    "name", ["slack_bolt", "slack_bolt.AsyncApp", "httpx", "httpcore.http11", "aiohttp.access"]
)
def test_chatty_libraries_are_heard_from_warnings_on(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO, name: str
) -> None:
    library = logging.getLogger(name)
    library.setLevel(logging.INFO)  # as Bolt does with its own
    library.info("with a whole body")
    library.warning("matters")
    library.setLevel(logging.NOTSET)
    assert [line["event"] for line in lines(stream)] == ["matters"]


def test_a_library_whose_name_only_begins_alike_is_heard(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO
) -> None:
    logging.getLogger("httpx_other").info("heard")
    assert len(lines(stream)) == 1


def bolt() -> AsyncApp:
    return AsyncApp(
        signing_secret="shhh",
        client=AsyncWebClient(token="xoxb-x"),
        authorize=nobody,
        ssl_check_enabled=False,
    )


async def nobody(**_: Any) -> AuthorizeResult:
    raise AssertionError("not reached with a wrong signature")


async def test_bolt_writes_no_body_when_a_signature_is_wrong(stream: io.StringIO) -> None:
    start_logs(stream, ())
    body = f"command=%2Fcoupon&text=send+{OPENID}+late-10&response_url=https%3A%2F%2Fhooks.slack.com%2Fx"
    headers: dict[str, str | Sequence[str]] = {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "1"}
    answer = await bolt().async_dispatch(AsyncBoltRequest(body=body, headers=headers))
    assert answer.status == 401
    assert "coupon" not in stream.getvalue()


def test_bolt_writes_no_body_when_nobody_handles_a_payload(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO
) -> None:
    from slack_bolt.logger.messages import warning_unhandled_request

    payload = {
        "type": "block_actions",
        "user": {"id": "U0LI"},
        "actions": [{"action_id": "x", "value": "late"}],
    }
    request = AsyncBoltRequest(body="payload=" + urllib.parse.quote(json.dumps(payload)))
    logging.getLogger("slack_bolt.AsyncApp").warning(warning_unhandled_request(request))
    (line,) = lines(stream)
    assert line["event"] == "Unhandled request [body left out]"


def test_bolt_still_says_what_slack_answered(log: structlog.stdlib.BoundLogger, stream: io.StringIO) -> None:
    logging.getLogger("slack_bolt.X").error(
        "Failed to authorize (answer: {'ok': False, 'error': 'invalid_auth'})"
    )
    assert "invalid_auth" in lines(stream)[0]["event"]


# --- redaction

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


# --- trouble with the log itself


def test_a_line_that_cannot_be_made_leaves_a_line_that_says_so(stream: io.StringIO) -> None:
    start_logs(stream, ())
    logging.getLogger("some.library").info("%d", "no number")
    assert lines(stream) == [{"event": "log_line_lost", "logger": "some.library", "level": "error"}]


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    log = start_logs(Broken(), ())
    try:
        log.error("nobody reads this")
    except OSError:
        pytest.fail(traceback.format_exc())


def test_what_a_server_says_of_each_connection_is_said_once_a_minute(
    log: structlog.stdlib.BoundLogger, stream: io.StringIO
) -> None:
    """Three hundred half-sent heads once wrote 135 MB in 100 seconds."""
    for name in ("asyncio", "aiohttp.server"):
        for _ in range(300):
            logging.getLogger(name).error("socket.accept() out of system resource")
    logging.getLogger("asyncio").error("another cause")
    for _ in range(2):
        log.warning("ours")
    read = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert read == [*["socket.accept() out of system resource"] * 2, "another cause", "ours", "ours"]


def test_a_cause_may_be_told_again_after_a_minute() -> None:
    now = [0.0]
    seldom = Seldom(lambda: now[0])
    assert [seldom.may_tell("a"), seldom.may_tell("a"), seldom.may_tell("b")] == [True, False, True]
    now[0] = 59.9
    assert not seldom.may_tell("a")
    now[0] = 60.0
    assert seldom.may_tell("a")


def test_causes_without_end_are_not_remembered_without_end() -> None:
    seldom = Seldom(lambda: 0.0)
    for cause in range(10_000):
        assert seldom.may_tell(cause)
    assert len(seldom._logged_at) <= 500
