"""One line of words, read from left to right: where a word ends, and what was undone to read it."""

from __future__ import annotations

from handlers import cleaning
from handlers.cleaning import Undone

#: Commas between the first words (`openid，stock、reason`), in every width that keyboards type.
_SEPARATORS = frozenset(",，、﹐﹑､")


class CommandLine:
    """A cursor over the cleaned text, which remembers what it undid."""

    def __init__(self, text: str) -> None:
        self._undone: set[Undone] = set()
        plain = cleaning.unescape(self._note(Undone.LINK, text, cleaning.take_apart(text)))
        self._text = self._note(Undone.INVISIBLE, plain, cleaning.drop_invisible(plain)).strip()
        self._at = 0

    def word(self, *, may_be_flag: bool = False, may_hold_ellipsis: bool = False) -> str:
        """The next word, unwrapped and in ASCII width; empty when there is none before the next comma."""
        self._skip_gap()
        start, self._at = self._at, self._word_end()
        typed = self._text[start : self._at]
        word = self._note(Undone.FULL_WIDTH, typed, cleaning.fold_width(typed))
        word = self._note(Undone.SPACES, word, cleaning.fold_spaces(word))
        word = self._note(Undone.WRAPPING_MARKS, word, cleaning.unwrap(word)).strip()
        if may_hold_ellipsis:
            word = self._note(Undone.ELLIPSIS, word, word.replace("…", "..."))
        if may_be_flag:
            word = self._note(Undone.DASHES, word, cleaning.strip_flag_dashes(word))
        return word

    def reason(self) -> str:
        """All that is left, in its own words."""
        self._skip_gap()
        reason, undone = cleaning.clean_reason(self._text[self._at :])
        self._at = len(self._text)
        self._undone |= undone
        return reason

    def undone(self) -> tuple[Undone, ...]:
        return tuple(kind for kind in Undone if kind in self._undone)

    def _word_end(self) -> int:
        """After the closing quote when the word begins with one that closes; else before a space or comma.

        A quote inside a word, or one that never closes (`'` in `customer's`), is a character like others.
        """
        text, start = self._text, self._at
        ends = [at for at in range(start, len(text)) if _is_boundary(text[at])]
        ends.append(len(text))
        if quote := cleaning.QUOTES.get(text[start : start + 1]):
            for end in ends:
                if end > start + 1 and cleaning.QUOTES.get(text[end - 1]) == quote:
                    return end
        return ends[0]

    def _skip_gap(self) -> None:
        """Spaces with at most one comma among them: two leave an empty place, which the caller reports."""
        self._skip_spaces()
        if self._text[self._at : self._at + 1] in _SEPARATORS:
            self._at += 1
            self._skip_spaces()

    def _skip_spaces(self) -> None:
        start = self._at
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        if self._text[start : self._at].strip(" "):
            self._undone.add(Undone.SPACES)

    def _note(self, kind: Undone, before: str, after: str) -> str:
        if before != after:
            self._undone.add(kind)
        return after


def _is_boundary(character: str) -> bool:
    return character.isspace() or character in _SEPARATORS
