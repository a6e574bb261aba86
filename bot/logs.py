"""Log lines: JSON where a machine reads them, pretty on a terminal, and never a secret in either.

Lines of other libraries (slack_bolt, slack_sdk, aiohttp, httpx) go through the same formatter, and the
redaction stands last before the text is made, so that there is no way around it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets as random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

from coupons.masking import masked

_HIDDEN: Final = "[hidden]"
#: Shorter ones would take ordinary words out of every line.
_SHORTEST_SECRET: Final = 6
_SHORTEST_MASKED: Final = 16
_DEEPEST: Final = 12

#: Keys whose value is a secret whatever it looks like: a stand-in's response_url is not at hooks.slack.com.
_SECRET_KEYS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "response_url", "response_urls", "token"}
)

#: Between a name and its value: `: `, `=`, `": "`, `', '`, also within a text that is quoted itself.
_BETWEEN: Final = r"""(?:\\*['"]?\s*[:=]|['"]\s*,)\s*"""
_PATTERNS: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # A PEM that was cut off is hidden to the end of the text.
        (r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", "[hidden PEM]"),
        # As header, in a dict, in a list of pairs. To the end of the line: once its quotes were quoted
        # themselves, it cannot be told where the value ends.
        (rf"(?i)(authorization{_BETWEEN})[^\r\n]+", rf"\1{_HIDDEN}"),
        (r"(WECHATPAY2-SHA256-RSA2048\s+)\S*=\S*", rf"\1{_HIDDEN}"),
        (rf"(?i)(response_urls?{_BETWEEN})(?:\[[^\]]*\]?|[^\s&,}}]+)", rf"\1{_HIDDEN}"),
        # As it is, with JSON's \/ (and that quoted again), percent-encoded.
        (r"(?i)(hooks\.slack(?:-gov)?\.com)(?:\\*/|%2F)[^\s\"'<>&]*", rf"\1/{_HIDDEN}"),
        # The ticket of a Socket Mode address lets its holder take our place.
        (r"(?i)(wss?://)[^\s\"'<>]+", rf"\1{_HIDDEN}"),
        (r"(?:xoxe\.)?(?:xox[a-z]|xapp)-[\w.%+/=-]+", _HIDDEN),
    )
)
#: WeChat's openids, also after an escaped line break (\n) or a percent-encoded mark (%22).
_OPENID: Final = re.compile(
    r"(?:(?<![0-9A-Za-z_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])"
)

#: Bolt gives its loggers the root's level when it makes them, so only a handler can quieten them.
_QUIET: Final = {
    "slack_bolt": logging.WARNING,
    # These log addresses of requests, and openids stand in ours.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "aiohttp.access": logging.WARNING,
}


class Redactor:
    """Hides tokens, keys, addresses that are keys, and all but the ends of openids."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # The longest first: one secret may begin with another.
        ordered = sorted(known, key=lambda secret: (-len(secret), secret))
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str, openids: Iterable[str] = ()) -> str:
        """`text` without secrets; `openids` are masked even if they are of an unusual form."""
        if self._known:
            text = self._known.sub(_HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        for openid in openids:
            text = text.replace(openid, mask_openid(openid))
        return _OPENID.sub(lambda found: mask_openid(found[0]), text)

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """As a structlog processor. What was not a text before and is no plain value becomes its repr."""
        openids = sorted({openid for openid in _openids(event) if openid}, key=len, reverse=True)
        return cast(EventDict, self._clean(event, openids, 0))

    def _clean(self, value: object, openids: list[str], depth: int) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value, openids)
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {
                self.text(str(key), openids): (
                    _HIDDEN
                    if inner is not None and str(key).casefold() in _SECRET_KEYS
                    else self._clean(inner, openids, depth + 1)
                )
                for key, inner in value.items()
            }
        if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return [self._clean(inner, openids, depth + 1) for inner in value]
        return self.text(repr(value), openids)


def mask_openid(openid: str) -> str:
    """`oU…MchMcQ`; nothing of one that is too short to keep anything secret."""
    if len(openid) < _SHORTEST_MASKED:
        return "…"
    return masked(openid)


def _openids(value: object, depth: int = 0) -> Iterable[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "openid" and isinstance(inner, str):
                yield inner
            else:
                yield from _openids(inner, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _openids(inner, depth + 1)


#: Seconds between two lines of the same cause.
_SAME_CAUSE_S: Final = 60.0
_MOST_CAUSES: Final = 500
#: Loggers of libraries that speak of each connection.
_SELDOM: Final = ("asyncio", "aiohttp.server", "aiohttp.web")


def _quiet(record: logging.LogRecord) -> bool:
    """Whether the record may be seen."""
    for name, level in _QUIET.items():
        if record.name == name or record.name.startswith(f"{name}."):
            return record.levelno >= level
    return True


class Seldom:
    """Whether a cause may have a line again: once a minute each, so that no stranger fills the disk.

    What is not our own word may come in any number of kinds: beyond some hundred the old ones are forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged_at: dict[object, float] = {}

    def may_tell(self, cause: object) -> bool:
        now, last = self._clock(), self._logged_at.get(cause)
        if last is not None and now - last < _SAME_CAUSE_S:
            return False
        if len(self._logged_at) >= _MOST_CAUSES:
            self._logged_at.clear()
        self._logged_at[cause] = now
        return True


class _SeldomOfLibraries(logging.Filter):
    """What servers and event loops say of each connection (a bad head, no descriptor left) is said once."""

    def __init__(self) -> None:
        super().__init__()
        self._seldom = Seldom()

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_SELDOM):
            return True
        kind = record.exc_info[0] if record.exc_info else None
        return self._seldom.may_tell((record.name, record.msg, kind))


def _without_body(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Bolt puts whole request bodies, in brackets, into its warnings: names, openids, reasons."""
    record, text = event.get("_record"), event.get("event")
    if (
        isinstance(record, logging.LogRecord)
        and isinstance(text, str)
        and record.name.startswith("slack_bolt")
    ):
        event["event"] = re.sub(r"(?s)(?:\(\{|body: ).*", "[body left out]", text)
    return event


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        # The library would print the raw arguments of the line that failed.
        line = json.dumps({"event": "log_line_lost", "logger": record.name, "level": "error"})
        # A log that cannot be written is no reason to stop sending coupons.
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{line}\n")


def start_logs(stream: TextIO, secrets: Iterable[str]) -> structlog.stdlib.BoundLogger:
    """Send every log line of the process to `stream`, and return the bot's own logger.

    Takes the place of all handlers of the root logger; may be called again, once the secrets are known.
    """
    before: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            _without_body,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            Redactor(secrets),
            _renderer(stream),
        ],
    )
    handler = _Handler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(_quiet)
    handler.addFilter(_SeldomOfLibraries())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    logger = structlog.wrap_logger(
        logging.getLogger("bot"),
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
    )
    return cast(structlog.stdlib.BoundLogger, logger)


def _renderer(stream: TextIO) -> Callable[[Any, str, EventDict], str | bytes]:
    if stream.isatty():
        # Its usual way with tracebacks shows local variables.
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def reference() -> str:
    """What a person is told in place of a traceback: "something went wrong, reference ab12cd"."""
    return random.token_hex(3)
