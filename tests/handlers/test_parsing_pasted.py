"""What people really paste: one case for each kind of character that keyboards and editors send."""

import pytest

from handlers.cleaning import Undone
from handlers.misread import Misread, Problem
from handlers.parsing import Command, Help, Send, Status, parse

OPENID = "oAbC-1_dEfGhIjKlMnOpQrStUvWx"
INVISIBLE = [0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
ODD_SPACES = [0xA0, 0x2007, 0x202F, 0x3000, *range(0x2000, 0x200B), 0x205F]


def sent(stock: str = "late-10", reason: str = "", *undone: Undone) -> Command:
    return Send(OPENID, stock, reason, tuple(kind for kind in Undone if kind in undone))


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


ROWS: dict[str, list[tuple[str, Command]]] = {
    "double quotes of every kind hold a stock of several words together": [
        (f"send {OPENID} {opening}late 10{closing}", sent("late 10", "", Undone.WRAPPING_MARKS))
        for opening, closing in zip("“„«「『„”", '”‟»」』“"', strict=True)
    ]
    + [(f"send {OPENID} ＂late 10＂", sent("late 10", "", Undone.FULL_WIDTH, Undone.WRAPPING_MARKS))],
    "single quotes of every kind hold a stock of several words together": [
        (f"send {OPENID} {opening}late 10{closing}", sent("late 10", "", Undone.WRAPPING_MARKS))
        for opening, closing in zip("‘‚‘", "’‛'", strict=True)
    ]
    + [(f"send {OPENID} ＇late 10＇", sent("late 10", "", Undone.FULL_WIDTH, Undone.WRAPPING_MARKS))],
    "odd spaces are one space": [
        (f"send{chr(space)}{OPENID}{chr(space)}late-10", sent("late-10", "", Undone.SPACES))
        for space in ODD_SPACES
    ]
    + [
        (
            f"send {OPENID} 'late{chr(space)}10'",
            sent("late 10", "", Undone.WRAPPING_MARKS, Undone.SPACES),
        )
        for space in ODD_SPACES
    ],
    "invisible characters are nothing, even inside an openid": [
        (
            f"send {OPENID[:9]}{chr(code)}{OPENID[9:]} la{chr(code)}te-10 cold{chr(code)} soup",
            sent("late-10", "cold soup", Undone.INVISIBLE),
        )
        for code in INVISIBLE
    ],
    "an em dash at the start of a flag is two hyphens": [("—help", Help()), ("⸺help", Help())],
    "another dash at the start of a flag is one hyphen": [
        (f"{dash}help", Help())
        for dash in "–−－﹣‐‑"  # each of them looks like the others in many fonts
    ],
    "the Chinese dash at the start of a flag is two hyphens": [("——help", Help())],
    "full-width punctuation, letters and digits are their ASCII twins": [
        (
            f"ｓｅｎｄ {full_width(OPENID)} ｌａｔｅ：＝；／＠－１０",
            sent("late:=;/@-10", "", Undone.FULL_WIDTH),
        ),
        (f"send {OPENID}，late-10，soup", sent("late-10", "soup")),
        ("ＳＴＡＴＵＳ ＃１２", Status(12)),
    ],
    "an ellipsis in a stock is three full stops": [
        (f"send {OPENID} late…10", sent("late...10", "", Undone.ELLIPSIS)),
    ],
    "an ideographic comma separates like a comma": [
        (f"send {OPENID}、late-10、soup", sent("late-10", "soup")),
        (f"send {OPENID}, late-10, soup", sent("late-10", "soup")),
        (f"send, {OPENID} ,late-10 、 soup", sent("late-10", "soup")),
    ],
    "wrapping marks round one word are taken off, underscores are not": [
        (f"send `{OPENID}` *late-10*", sent("late-10", "", Undone.WRAPPING_MARKS)),
        (f"send ~{OPENID}~ ```late-10```", sent("late-10", "", Undone.WRAPPING_MARKS)),
        (f"send *`{OPENID}`* “late-10”", sent("late-10", "", Undone.WRAPPING_MARKS)),
        (f"send _{OPENID}_ _late-10_", Send(f"_{OPENID}_", "_late-10_")),
        (f"`send` {OPENID} late-10", sent("late-10", "", Undone.WRAPPING_MARKS)),
    ],
    "tabs and line breaks are one space, unless inside the quotes of a word": [
        (f"send\t{OPENID}\r\nlate-10\n\nsoup\n\twas cold", sent("late-10", "soup was cold", Undone.SPACES)),
        (f"send {OPENID} 'late\t10'", sent("late\t10", "", Undone.WRAPPING_MARKS)),
    ],
}


@pytest.mark.parametrize("row", ROWS)
def test_pasted_text_is_read_as_it_was_meant(row: str) -> None:
    for text, expected in ROWS[row]:
        assert parse(text) == expected, ascii(text)


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        ("—", "EM DASH U+2014"),
        ("–", "EN DASH U+2013"),
        ("−", "MINUS SIGN U+2212"),
        ("‑", "NON-BREAKING HYPHEN U+2011"),
        ("﹣", "SMALL HYPHEN-MINUS U+FE63"),
        ("⸺", "TWO-EM DASH U+2E3A"),
        ("ー", "KATAKANA-HIRAGANA PROLONGED SOUND MARK U+30FC"),
        ("…", "HORIZONTAL ELLIPSIS U+2026"),
        ("”", "RIGHT DOUBLE QUOTATION MARK U+201D"),
        ("’", "RIGHT SINGLE QUOTATION MARK U+2019"),
        ("²", "SUPERSCRIPT TWO U+00B2"),
        ("①", "CIRCLED DIGIT ONE U+2460"),
        ("𝐨", "MATHEMATICAL BOLD SMALL O U+1D428"),
        ("ﬁ", "LATIN SMALL LIGATURE FI U+FB01"),
        ("\u212a", "KELVIN SIGN U+212A"),
    ],
)
@pytest.mark.parametrize("at", [0, 9, len(OPENID)])
def test_an_openid_that_an_editor_damaged_is_refused_and_never_repaired(
    damage: str, name: str, at: int
) -> None:
    typed = OPENID[:at] + damage + OPENID[at:]
    assert parse(f"send {typed} late-10") == Misread(
        problem=Problem.OPENID_DAMAGED, subcommand="send", read=typed, character=name
    )


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (".", "FULL STOP U+002E"),
        ("@", "COMMERCIAL AT U+0040"),
        ("*", "ASTERISK U+002A"),
        ("'", "APOSTROPHE U+0027"),
        ("о", "CYRILLIC SMALL LETTER O U+043E"),
        ("客", "CJK UNIFIED IDEOGRAPH-5BA2 U+5BA2"),
        ("\u0301", "COMBINING ACUTE ACCENT U+0301"),
        ("٣", "ARABIC-INDIC DIGIT THREE U+0663"),
        ("\ud800", "REPLACEMENT CHARACTER U+FFFD"),
        ("\ue000", "U+E000"),
    ],
)
def test_a_character_that_no_openid_has_is_named(wrong: str, name: str) -> None:
    typed = OPENID[:9] + wrong + OPENID[9:]
    misread = parse(f"send {typed} late-10")
    assert isinstance(misread, Misread)
    assert (misread.problem, misread.character) == (Problem.OPENID_WRONG_CHARACTER, name)


@pytest.mark.parametrize("typed", [f"*{OPENID}", f"{OPENID}`", f"“{OPENID}", f"'{OPENID}\"", f"*{OPENID}~"])
def test_wrapping_marks_that_do_not_match_stay_and_are_refused(typed: str) -> None:
    misread = parse(f"send {typed} late-10")
    assert isinstance(misread, Misread)
    assert misread.problem in {Problem.OPENID_WRONG_CHARACTER, Problem.OPENID_DAMAGED}


def test_a_digit_in_a_circle_never_becomes_another_stock() -> None:
    assert parse(f"send {OPENID} 121212121①") == sent("121212121①")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<@U123ABC|wang>", "@wang"),
        ("<@U123ABC>", "@U123ABC"),
        ("<#C123ABC|general>", "#general"),
        ("<#C123ABC|>", "#C123ABC"),
        ("<!subteam^S123ABC|@leads>", "@leads"),
        ("<!subteam^S123ABC>", "@S123ABC"),
        ("<!here>", "@here"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<http://example.com|example.com>", "example.com"),
        ("<mailto:a@b.cn|a@b.cn>", "a@b.cn"),
        ("<mailto:a@b.cn>", "a@b.cn"),
        ("<tel:+8613800138000|138 0013 8000>", "138 0013 8000"),
    ],
)
def test_a_form_that_slack_made_is_read_as_what_was_shown(typed: str, shown: str) -> None:
    assert parse(f"send {OPENID} late-10 see {typed}.") == sent("late-10", f"see {shown}.", Undone.LINK)


def test_an_openid_and_a_stock_that_slack_made_links_of_are_read_as_typed() -> None:
    digits = "1234567890123456"
    assert parse(f"send <tel:{digits}|{digits}> <http://late.cn|late.cn>") == Send(
        digits, "late.cn", "", (Undone.LINK,)
    )
    assert parse("status <#C123ABC|12>") == Status(12)


@pytest.mark.parametrize(
    ("escaped", "typed"),
    [
        ("soup &amp; rice", "soup & rice"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("&nbsp;&quot;", "&nbsp;&quot;"),
        # Typed by a person: the form must not be taken apart, what they wrote is what they meant.
        ("&lt;@U123ABC|wang&gt;", "<@U123ABC|wang>"),
        ("&lt;http://x|shown&gt;", "<http://x|shown>"),
        # The zero-width space goes after the escapes, and what is left is not unescaped again.
        ("&amp;\u200blt;", "&lt;"),
        ("a < b > c <3", "a < b > c <3"),
    ],
)
def test_slacks_escapes_are_undone_once_and_after_the_forms(escaped: str, typed: str) -> None:
    command = parse(f"send {OPENID} late-10 {escaped}")
    assert isinstance(command, Send)
    assert command.reason == typed
