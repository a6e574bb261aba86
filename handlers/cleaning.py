"""Undoes what Slack, editors and input methods do to typed text, but only where it can be undone exactly.

A wrong openid pays a stranger, so nothing here guesses: each function either takes away what nobody typed
or gives back the one character that was typed, and leaves the rest for `handlers.parsing` to refuse.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Undone(StrEnum):
    """What was undone in a command: the answer says so, and the person can check it before money moves."""

    #: Full-width letters, digits and punctuation of Chinese input methods.
    FULL_WIDTH = "full_width"
    #: Zero-width, direction and control characters.
    INVISIBLE = "invisible"
    #: Quotes, backticks, stars or tildes on both sides of a word, or quotes round the reason.
    WRAPPING_MARKS = "wrapping_marks"
    #: No-break, ideographic and other odd spaces, tabs and line breaks, where one space was meant.
    SPACES = "spaces"
    #: A link, mail address, telephone number, mention or channel that Slack made of the text.
    LINK = "link"
    #: Dashes in front of a subcommand (`--help`, which macOS makes `—help`).
    DASHES = "dashes"
    #: `…` in a stock, for three full stops.
    ELLIPSIS = "ellipsis"


#: Each quotation mark with the ASCII one it stands for.
QUOTES = dict.fromkeys('"“”„‟«»「」『』＂', '"') | dict.fromkeys("'‘’‚‛＇", "'")

#: Marks that people paste round a word. Never `_`: an openid may begin and end with one.
_WRAPPING = frozenset("\"'`*~")

#: What Slack makes of text when the manifest says `should_escape: true`: `<@U1|name>`, `<#C1|name>`,
#: `<!subteam^S1|@handle>`, `<tel:+86...|shown>`, `<http://...|shown>`, `<mailto:...|shown>`.
_FORM = re.compile(
    r"<(?:(?P<sigil>[@#!])(?P<id>[^<>|]+)|(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<target>[^<>|]*))"
    r"(?:\|(?P<shown>[^<>]*))?>"
)

#: By list and not by category Cf, which holds visible signs too: dropping one of those would repair an id.
#: U+202A-U+202E and U+2066-U+2069 turn the reading direction round, and with it the sense of a card.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    r"\u2066-\u206f\ufeff\U000e0001\U000e0020-\U000e007f]"
)
#: Half of a character (JSON can carry one): SQLite could not store it.
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_FULL_WIDTH = {0xFF01 + n: 0x21 + n for n in range(94)}

#: What may stand in front of a flag; `——` is the Chinese dash, `－` is `-` by width.
_FLAG_DASHES = "-—⸺–−﹣‐‑"

#: Dash-like characters outside of the category Pd (dash punctuation).
_DASH_LIKE = frozenset("−⁃˗─━ー")
#: White space that would break a line, or jump in it, where the reason is shown.
_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")


def take_apart(text: str) -> str:
    """Slack's `<...>` forms replaced by the text that was shown; still escaped."""
    return _FORM.sub(_link_text, text)


def take_apart_but_people(text: str) -> str:
    """The same, but mentions of people stay: shown names say less than ids."""
    return _FORM.sub(lambda form: form[0] if form["sigil"] == "@" else _link_text(form), text)


def unescape(text: str) -> str:
    """Undo Slack's three escapes once; only after `take_apart`, or a typed `<` would become a form."""
    # `&amp;` last: someone who typed `&lt;` means these four characters.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def drop_invisible(text: str) -> str:
    """Take away what nobody can see; half characters become the visible U+FFFD."""
    return _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))


def fold_width(text: str) -> str:
    """Full-width ASCII to ASCII.

    Less than NFKC, which also makes digits of `²` and `①`: two different ids could become one.
    """
    return text.translate(_FULL_WIDTH)


def fold_spaces(word: str) -> str:
    """Odd spaces to plain ones; tabs and line breaks stay, since a word holds them inside quotes only."""
    return "".join(
        " " if character.isspace() and character not in _BREAKS else character for character in word
    )


def strip_flag_dashes(word: str) -> str:
    """`help` out of `--help`, `—help`, `–help`. For subcommands only: an id may begin with `-`."""
    return word.lstrip(_FLAG_DASHES) or word


def unwrap(word: str) -> str:
    """`x` out of `` `x` ``, `*x*`, `~x~`, `"x"`, `“x”`; unchanged unless both sides match."""
    while len(word) > 2:  # noqa: PLR2004 - two marks and something between them
        opening, closing = (QUOTES.get(mark, mark) for mark in (word[0], word[-1]))
        if opening != closing or opening not in _WRAPPING:
            break
        word = word[1:-1]
    return word


def clean_reason(text: str) -> tuple[str, frozenset[Undone]]:
    """The reason in its own words, outer spaces and one pair of outer quotes gone, and in one line.

    Line breaks become a space even inside quotes: a reason must not draw a line of its own on the card.
    """
    text = text.strip()
    undone = set()
    if _is_quoted(text):
        text = text[1:-1].strip()
        undone.add(Undone.WRAPPING_MARKS)
    line = re.sub(r"\s+", lambda run: " " if _BREAKS.intersection(run[0]) else run[0], text)
    if line != text:
        undone.add(Undone.SPACES)
    return line, frozenset(undone)


def is_editor_damage(character: str) -> bool:
    """Whether editors put this character for others, so that nobody can know what was typed.

    Dashes, curly quotes, and everything that NFKC would change (`…`, `²`, `①`, `𝐨`).
    """
    if character.isascii():
        return False
    return (
        unicodedata.category(character) == "Pd"
        or character in _DASH_LIKE
        or character in QUOTES
        or unicodedata.normalize("NFKC", character) != character
    )


def character_name(character: str) -> str:
    """`EM DASH U+2014`; only the number for a character without a name."""
    return f"{unicodedata.name(character, '')} U+{ord(character):04X}".lstrip()


def _link_text(form: re.Match[str]) -> str:
    shown = form["shown"]
    if form["sigil"]:
        sign = "#" if form["sigil"] == "#" else "@"
        # `<!subteam^S1>` has no name; `<!subteam^S1|@handle>` has one with its own sign.
        return sign + (shown or form["id"].rpartition("^")[2]).removeprefix(sign)
    if shown:
        return shown
    if form["scheme"].lower() in {"tel", "mailto"}:
        return form["target"]
    return f"{form['scheme']}:{form['target']}"


def _is_quoted(text: str) -> bool:
    """Whether one pair of quotes stands round all of it: not `"late" and "cold"`, but `'customer's'`."""
    if len(text) < 2 or text[0] not in QUOTES or QUOTES.get(text[-1]) != QUOTES[text[0]]:  # noqa: PLR2004
        return False
    return not any(
        QUOTES.get(text[at]) == QUOTES[text[0]] and not _is_apostrophe(text, at)
        for at in range(1, len(text) - 1)
    )


def _is_apostrophe(text: str, at: int) -> bool:
    # ASCII letters only: the inner marks of `‘迟到’和‘漏餐’` have letters on both sides too.
    before, after = text[at - 1], text[at + 1]
    return (
        text[at] in "'’＇" and before.isascii() and before.isalpha() and after.isascii() and after.isalpha()
    )
