"""An event's details in the places of a sentence: as mrkdwn in Slack, plain on terminals and in browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Final

from coupons.recording import SYSTEM, Recorded
from handlers.cleaning import drop_invisible
from handlers.views import problems
from handlers.views.escaping import approver, code, inert, search_text, without_openids
from handlers.views.event_words import text_of
from handlers.views.words import Words

#: Of these 0 says that there is none.
_NOT_ZERO: Final = frozenset({"rule", "last", "needed", "waited_ms", "ahead_ms", "status"})
_CUT: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Each takes a text as it stands in the log; none lets it format, mention or break a line."""

    #: A Slack user or group by its id.
    person: Callable[[str], str]
    #: What programs and WeChat Pay name things by.
    code: Callable[[str], str]
    #: The words of a search.
    search: Callable[[str], str]
    #: A name or a reason, and how much room there is for it where room is short.
    text: Callable[[str, int], str]
    #: So many names in one sentence; the rest are counted.
    most: int


def plain(person: Callable[[str], str] = str) -> Rendering:
    """Whole, on one line. `person`: how one is called there."""
    return Rendering(
        person=person,
        code=_line,
        search=lambda text: f"“{_line(text)}”",
        text=lambda text, _limit: _line(text),
        most=1_000,
    )


def _line(text: str) -> str:
    return " ".join(drop_invisible(text).split())


MRKDWN: Final = Rendering(person=approver, code=code, search=search_text, text=inert, most=10)


class EventWords:
    """One language, in which {places} that bear the name of a detail are filled from the event.

    A number goes in as it is, a list as its names, milliseconds as a time, and most texts as a code.
    """

    def __init__(self, words: Words, event: Recorded, rendering: Rendering) -> None:
        self.event = event
        self._words = words
        self._rendering = rendering

    def __call__(self, sentence: str, /, **values: object) -> str:
        return self._words(sentence, **self._filled(sentence, values))

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        return self._words.plural(one, many, n, **self._filled(one, values))

    def first(self, sentences: Iterable[str]) -> str:
        """The first for whose places the event has what they need; the last needs none, or shows the lack."""
        *better, last = sentences
        whole = (each for each in better if all(self._detail(name) for name in _places(each)))
        return self(next(whole, last))

    def _filled(self, sentence: str, values: dict[str, object]) -> dict[str, object]:
        found = {name: self._detail(name) for name in _places(sentence) if name not in values}
        return {name: text or self.code("") for name, text in found.items()} | values

    def _detail(self, name: str) -> str:
        """Empty: the event does not say."""
        value = self.event.detail.get(name)
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self)
        match value:
            case int():
                if not value and name in _NOT_ZERO:
                    return ""
                return self._words.duration(value) if name.endswith("_ms") else str(value)
            case list():
                return self.list(map(self.code, map(str, value)))
            case _:
                return self.code(str(value)) if value else ""

    def who(self) -> str:
        if self.event.actor != SYSTEM:
            return self.person(self.event.actor)
        words, user = self._words, self.text("user")
        return words("{user} on the command line", user=self.typed(user, 80)) if user else words("the bot")

    def text(self, name: str) -> str:
        """A text among the details, or nothing."""
        return text_of(self.event, name)

    def whole(self, name: str) -> int:
        """A number among them, or 0."""
        value = self.event.detail.get(name)
        return value if isinstance(value, int) else 0

    def names(self, name: str) -> list[str]:
        """A list among them, or an empty one."""
        value = self.event.detail.get(name)
        return [str(each) for each in value] if isinstance(value, list) else []

    def cause(self) -> str:
        """What the code means that stands among them."""
        return problems.cause(self._words, self.text("code"), show=self._rendering.code)

    def signature(self) -> str:
        words, good = self._words, self.event.detail.get("verified") is True
        return words("signature good") if good else words("no good signature")

    def wanted(self) -> str:
        """What a look was for: words as they were typed, or a page of the console."""
        page, typed = self.text("page"), self.search()
        if page or typed:
            return self.list([self.code(page) if page else "", typed])
        return self._words("everything") if "words" in self.event.detail else ""

    def search(self) -> str:
        typed = without_openids(self.text("words"))
        return self._rendering.search(typed) if typed.strip() else ""

    def instant(self, name: str) -> str:
        """A time among them, or nothing."""
        return self._words.instant(self.whole(name)) if self.whole(name) else ""

    def money(self, fen: int) -> str:
        return self._words.money(fen)

    def person(self, one: str) -> str:
        return self._rendering.person(one)

    def code(self, text: str) -> str:
        return self._rendering.code(text) or "…"

    def typed(self, text: str, limit: int = 200) -> str:
        """A person's own words."""
        return self._rendering.text(without_openids(text), limit)

    def list(self, items: Iterable[str]) -> str:
        """Those that are not empty; of very many the first."""
        each = [item for item in items if item]
        rest = len(each) - self._rendering.most
        return self._words.list(each[: self._rendering.most]) + (f" (+{rest})" if rest > 0 else "")


def _places(sentence: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(sentence) if name and name != "n"]


def _cut(words: EventWords, name: str) -> str:
    """A key or a hash by what it begins with."""
    text = words.text(name)
    return words.code(text if len(text) <= _CUT else f"{text[:_CUT]}…") if text else ""


_SPECIAL: Final[dict[str, Callable[[EventWords], str]]] = {
    "who": EventWords.who,
    "cause": EventWords.cause,
    "wanted": EventWords.wanted,
    "words": EventWords.search,
    "value": lambda words: words.money(words.whole("value_fen")),
    "stock": lambda words: words.typed(words.text("stock_name"), 40) or words.code(words.text("stock_id")),
    "reason": lambda words: words.typed(words.text("reason")),
    "question": lambda words: words.typed(words.text("question")),
    "answer": lambda words: words.typed(words.text("answer")),
    "approver": lambda words: words.person(words.text("approver")) if words.text("approver") else "",
    "approvals": lambda words: words.list(map(words.person, words.names("approvals"))),
    "mention": lambda words: words.person(words.text("mention")) if words.text("mention") else "",
    "happened_at": lambda words: words.instant("happened_at"),
    "valid_until": lambda words: words.instant("valid_until"),
    "deputy": lambda words: words.person(words.text("deputy")) if words.text("deputy") else "",
    "person": lambda words: words.person(words.text("person")) if words.text("person") else "",
    "until": lambda words: words.instant("until"),
    "key": lambda words: _cut(words, "key"),
    "head": lambda words: _cut(words, "head"),
}
