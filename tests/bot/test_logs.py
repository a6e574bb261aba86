"""What a log line looks like, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
import re
import traceback
import urllib.parse
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.logs import Seldom, reference, start_logs

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
