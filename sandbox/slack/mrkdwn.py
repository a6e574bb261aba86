"""Slack's mrkdwn as people see it: names for ids, local time for dates, the three characters unescaped."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.slack.conversations import Conversations
from sandbox.slack.directory import Directory
from sandbox.slack.terminal_text import Style

ANGLE = re.compile(r"<([^<>]+)>")
# Marks count at word edges only, and Chinese characters are letters: 请*确认*金额 stays as it is.
BOLD = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
ITALIC = re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])")
STRIKE = re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])")
CODE = re.compile(r"```\n?(.+?)\n?```|`([^`\n]+)`", re.DOTALL)
TOKEN = re.compile(r"\{(\w+)\}")
DATE_FORMATS = {
    "date_num": "%Y-%m-%d",
    "date": "%B %d, %Y",
    "date_short": "%b %d, %Y",
    "date_long": "%A, %B %d, %Y",
    "date_pretty": "%B %d, %Y",
    "date_short_pretty": "%b %d, %Y",
    "date_long_pretty": "%A, %B %d, %Y",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads: what the names behind ids are, what time it is there, and what the terminal can show."""

    directory: Directory
    conversations: Conversations
    zone: ZoneInfo
    style: Style

    def read(self, text: str) -> str:
        """mrkdwn → what stands on the screen. Emoji stay as short codes."""
        parts: list[str] = []
        at = 0
        for match in CODE.finditer(text):
            parts.append(self._marked(text[at : match.start()]))
            code = match[1] if match[1] is not None else match[2]
            parts.append(self.style.cyan(self._plain(code)))
            at = match.end()
        return "".join([*parts, self._marked(text[at:])])

    def unmarked(self, text: str) -> str:
        """The text of a plain_text object: nothing is resolved, the three characters are unescaped."""
        return unescape(text)

    def user(self, user: str) -> str:
        return self.style.bold(f"@{self.directory.name(user)}")

    def group(self, group: str) -> str:
        known = self.directory.groups.get(group)
        return self.style.bold(f"@{known.handle}" if known else f"@{group}")

    def channel(self, channel: str) -> str:
        known = self.conversations.get(channel)
        return f"#{known.name}" if known else f"#{channel}"

    def date(self, seconds: int, pattern: str, fallback: str) -> str:
        """A date in the reader's zone; a pattern with an unknown token shows the fallback, as in Slack."""
        if any(token not in DATE_FORMATS for token in TOKEN.findall(pattern)):
            return fallback
        at = datetime.fromtimestamp(seconds, self.zone)
        return TOKEN.sub(lambda match: at.strftime(DATE_FORMATS[match[1]]), pattern)

    def _marked(self, text: str) -> str:
        text = BOLD.sub(lambda match: self.style.bold(match[1]), text)
        text = ITALIC.sub(lambda match: match[1], text)
        text = STRIKE.sub(lambda match: self.style.dim(match[1]), text)
        quoted = [f"┃ {line[4:].lstrip()}" if line.startswith("&gt;") else line for line in text.split("\n")]
        return self._plain("\n".join(quoted))

    def _plain(self, text: str) -> str:
        return unescape(ANGLE.sub(lambda match: self._angle(match[1]), text))

    def _angle(self, inner: str) -> str:
        target, _, label = inner.partition("|")
        match target[:1]:
            case "@":
                return self.user(target[1:])
            case "#":
                return self.channel(target[1:])
            case "!":
                return self._special(target[1:], label)
            case _:
                return f"{label} ({target})" if label and label != target else target.removeprefix("mailto:")

    def _special(self, target: str, label: str) -> str:
        if target.startswith("subteam^"):
            return self.group(target.removeprefix("subteam^"))
        if target.startswith("date^"):
            _, seconds, pattern, *_ = [*target.split("^"), ""]
            return self.date(int(seconds), pattern, label) if seconds.isdigit() else label
        return self.style.bold(f"@{target}")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
