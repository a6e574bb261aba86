"""The grammar of `/coupon`."""

import pytest

from handlers.cleaning import Undone
from handlers.misread import Misread, Problem
from handlers.parsing import (
    Cancel,
    Check,
    Command,
    CustomerCommand,
    Help,
    List,
    OpenForm,
    PauseCommand,
    Resume,
    Retry,
    Send,
    Status,
    Stocks,
    Urge,
    nearest,
    parse,
)

OPENID = "oAbC-1_dEfGhIjKlMnOpQrStUvWx"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", OpenForm()),
        (" \u3000\n", OpenForm()),
        ("send", OpenForm()),
        ("send ,", OpenForm()),
        (f"send {OPENID}", OpenForm(OPENID)),
        (f"send {OPENID},, late-10", OpenForm(OPENID)),
        (f"send {OPENID} ' '", OpenForm(OPENID)),
        (f"check {OPENID} late-10", Check(OPENID, "late-10")),
        (f"customer {OPENID}", CustomerCommand(OPENID)),
        ("stocks", Stocks()),
        ("urge #12", Urge(12)),
        ("pause the wrong stock", PauseCommand("the wrong stock")),
        ("pause", PauseCommand("")),
        ("Resume", Resume()),
        (
            f"send {OPENID} late-10 late ticket:ABC-1 again",
            Send(OPENID, "late-10", "late again", (), "ABC-1"),
        ),
        (f"send {OPENID} late-10 TICKET：工单-9", Send(OPENID, "late-10", "", (), "工单-9")),
        ("help", Help()),
        ("HELP send", Help()),
        ("--help", Help()),
        ("list", List()),
        (" List ", List()),
        ("status 12", Status(12)),
        ("status #12", Status(12)),
        ("status ＃１２", Status(12)),
        ("status `#12`", Status(12)),
        ("Status, 012,", Status(12)),
        ("cancel 7", Cancel(7)),
        ("RETRY 123456789012345678", Retry(123456789012345678)),
        (f"send {OPENID} late-10", Send(OPENID, "late-10")),
        (f"SEND {OPENID} 1212121212 late delivery", Send(OPENID, "1212121212", "late delivery")),
        (f"Send {OPENID} 迟到十元 迟到了", Send(OPENID, "迟到十元", "迟到了")),
    ],
)
def test_a_command_is_understood(text: str, expected: Command) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "problem", "read"),
    [
        ("check", Problem.MISSING_OPENID, ""),
        ("customer ,", Problem.MISSING_OPENID, ""),
        (f"check {OPENID}", Problem.MISSING_STOCK, ""),
        (f"check {OPENID},, late-10", Problem.MISSING_STOCK, ""),
        (f"check {OPENID} late-10 oops", Problem.UNEXPECTED_WORDS, "oops"),
        (f"customer {OPENID} oops", Problem.UNEXPECTED_WORDS, "oops"),
        ("resume now", Problem.UNEXPECTED_WORDS, "now"),
        ("send late-10 oops", Problem.OPENID_TOO_SHORT, "late-10"),
        (f'send "{OPENID} late-10"', Problem.OPENID_WRONG_CHARACTER, f"{OPENID} late-10"),
        ("status", Problem.REQUEST_NUMBER_MISSING, ""),
        ("status #", Problem.REQUEST_NUMBER_WRONG, "#"),
        ("status ##1", Problem.REQUEST_NUMBER_WRONG, "##1"),
        ("cancel 0", Problem.REQUEST_NUMBER_WRONG, "0"),
        ("cancel -1", Problem.REQUEST_NUMBER_WRONG, "-1"),
        ("cancel 1.5", Problem.REQUEST_NUMBER_WRONG, "1.5"),
        ("retry ²", Problem.REQUEST_NUMBER_WRONG, "²"),
        ("retry ①", Problem.REQUEST_NUMBER_WRONG, "①"),
        ("retry ٣", Problem.REQUEST_NUMBER_WRONG, "٣"),
        ("retry " + "9" * 5000, Problem.REQUEST_NUMBER_WRONG, "9" * 5000),
        ("cancel 12 13", Problem.UNEXPECTED_WORDS, "13"),
        ("retry 12，13", Problem.UNEXPECTED_WORDS, "13"),
        ("list all", Problem.UNEXPECTED_WORDS, "all"),
    ],
)
def test_what_cannot_be_understood_is_named_with_what_was_read(
    text: str, problem: Problem, read: str
) -> None:
    misread = parse(text)
    assert isinstance(misread, Misread)
    assert (misread.problem, misread.read, misread.subcommand) == (problem, read, text.split(maxsplit=1)[0])


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("sned", ("send",)),
        ("stat", ("status",)),
        ("ＣＡＮＣＥＬＬＥＤ", ("cancel",)),
        ("s", ("send", "status", "stocks")),
        ("custom", ("customer",)),
        ("mass", ()),
        ("resum", ("resume",)),
        ("😀", ()),
        ("--", ()),
    ],
)
def test_an_unknown_subcommand_is_answered_with_the_nearest_names(typed: str, names: tuple[str, ...]) -> None:
    misread = parse(f"{typed} 12")
    assert isinstance(misread, Misread)
    assert (misread.problem, misread.subcommand, misread.nearest) == (
        Problem.UNKNOWN_SUBCOMMAND,
        "",
        names,
    )


@pytest.mark.parametrize(
    ("length", "problem", "limit"),
    [(15, Problem.OPENID_TOO_SHORT, 16), (16, None, 0), (64, None, 0), (65, Problem.OPENID_TOO_LONG, 64)],
)
def test_an_openid_has_16_to_64_characters(length: int, problem: Problem | None, limit: int) -> None:
    openid = "o" * length
    expected = (
        Send(openid, "late-10")
        if problem is None
        else Misread(problem=problem, subcommand="send", read=openid, count=length, limit=limit)
    )
    assert parse(f"send {openid} late-10") == expected


def test_a_reason_of_500_characters_is_kept_and_one_more_is_refused_with_the_count() -> None:
    # Astral characters: a count of bytes or of UTF-16 units would differ.
    assert parse(f"send {OPENID} late-10 {'😀' * 500}") == Send(OPENID, "late-10", "😀" * 500)
    assert parse(f"send {OPENID} late-10 {'😀' * 501}") == Misread(
        problem=Problem.REASON_TOO_LONG, subcommand="send", count=501, limit=500
    )
    # Counted after cleaning: nobody should be refused for what they cannot see.
    assert isinstance(parse(f"send {OPENID} late-10  “{'x' * 500}”\u200b\n"), Send)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("the customer's soup, cold、again", "the customer's soup, cold、again"),
        ("' alone", "' alone"),
        ("客户说：“太慢了”……２０分钟", "客户说：“太慢了”……２０分钟"),
        ("— see 12² ① *bold* _x_", "— see 12² ① *bold* _x_"),
        ("two  spaces\u3000and wide", "two  spaces\u3000and wide"),
        ('"late delivery"', "late delivery"),
        ("「迟到」", "迟到"),
        ("“ late ”", "late"),
        ("'the customer's soup'", "the customer's soup"),
        ("‘the customer’s soup’", "the customer’s soup"),
        ('"late" and "cold"', '"late" and "cold"'),
        ("“迟到”和“漏餐”", "“迟到”和“漏餐”"),
        ("‘迟到’和‘漏餐’", "‘迟到’和‘漏餐’"),
        ('"late', '"late'),
        ('"', '"'),
        ('""', ""),
    ],
)
def test_a_reason_keeps_its_own_words(typed: str, kept: str) -> None:
    command = parse(f"send {OPENID} late-10 {typed}")
    assert isinstance(command, Send)
    assert command.reason == kept


def test_a_lone_quote_before_the_stock_is_a_character_like_others() -> None:
    assert parse(f"send {OPENID} 'late soup") == Send(OPENID, "'late", "soup")
    assert parse(f"send {OPENID} chef's soup isn't") == Send(OPENID, "chef's", "soup isn't")


@pytest.mark.parametrize(("quote", "unwrapped"), [("", ()), ('"', (Undone.WRAPPING_MARKS,))])
def test_a_reason_cannot_draw_a_line_of_its_own_on_the_card(
    quote: str, unwrapped: tuple[Undone, ...]
) -> None:
    forged = f"{quote}cold soup\n\nState: sent\u2028Approved by\x85the boss\v!\u202egpj{quote}"
    command = parse(f"send {OPENID} late-10 {forged}")
    assert command == Send(
        OPENID,
        "late-10",
        "cold soup State: sent Approved by the boss !gpj",
        (Undone.INVISIBLE, *unwrapped, Undone.SPACES),
    )


def test_an_openid_stays_out_of_every_repr() -> None:
    for text in (f"send {OPENID} late-10", f"send {OPENID}! late-10", f"{OPENID} late-10"):
        assert OPENID not in repr(parse(text))


def test_nearest_puts_the_beginning_before_a_part_before_a_slip() -> None:
    names = ("very-late-10", "lake", "late-20", "Late-10", "late-10-yuan", "cold")
    assert nearest("LATE", names) == ("late-20", "Late-10", "late-10-yuan")
    assert nearest("late", names, n=5) == ("late-20", "Late-10", "late-10-yuan", "very-late-10", "lake")
    assert nearest("late—10", names, n=1) == ("Late-10",)
    assert nearest("late-10-yuans", ["late-10", "cold"]) == ("late-10",)
    assert nearest("ｃｏｌｄ", names) == ("cold",)
    assert nearest("", names) == ()
    assert nearest("warm", []) == ()
