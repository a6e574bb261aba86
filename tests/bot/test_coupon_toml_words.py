"""Reasons, what must be said, tickets and warnings in coupon.toml: what they mean, and their slips."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.test_coupon_toml import SMALLEST, problems_of, read

TICKETS = 'ticket_pattern = "[A-Z]+-[0-9]+"\nticket_url = "https://desk.example.com/t/{ticket}"\n'
LATE = '[[reason]]\nname = "late"\nen = "Parcel came late"\nzh = "包裹延误"\n'
STOCK = '[[stock]]\nstock_id = "1"\nalias = "a"\nname = "b"\nvalue_fen = 1\ncode_mode = "MERCHANT_API"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "coupon.toml"


def test_reasons_are_kept_in_the_language_of_the_cards(file: Path) -> None:
    for language, late in (("en", "Parcel came late: again"), ("zh-CN", "包裹延误：again")):
        reasons = read(file, f'language = "{language}"\n{SMALLEST}{LATE}').reasons
        assert {reasons.spelled(f"{word} again") for word in ("late", "Late:", "LATE,", "包裹延误，")} == {
            late
        }
        for text in (late, reasons.spelled("late"), "again", ""):
            wording, own = reasons.apart(text)
            assert (reasons.written(wording, own) if wording else own) == text
        assert reasons.apart(late)[1] == "again"
    assert reasons.spelled("later again") == "later again"
    assert [reasons.spelled(text) for text in ("late", "", "again late")] == ["包裹延误", "", "again late"]


def test_a_ticket_has_one_spelling_and_one_address(file: Path) -> None:
    tickets = read(file, TICKETS + SMALLEST).tickets
    address = "https://desk.example.com/t/ABC-1"
    assert [tickets.number(text) for text in (address, f"{address}/", "ABC-1", "x")] == ["ABC-1"] * 3 + ["x"]
    assert tickets.spellings(address) == ("ABC-1", address)
    assert [tickets.address(text) for text in ("ABC-1", "abc-1", "ABC-1 x", "", "A" * 200 + "-1")] == [
        address,
        *[None] * 4,
    ]
    for text in ("see ABC-1.", f"see {address}, thanks", "工单ABC-1，谢谢", f"(ABC-1) {address}"):
        assert tickets.find(text) == "ABC-1", text
    for text in ("ABC-1 and ABC-2", "nothing", "xABC-1"):
        assert tickets.find(text) == "", text


def test_nothing_of_a_ticket_leaves_its_place_in_the_address(file: Path) -> None:
    odd = read(file, TICKETS.replace("[A-Z]+-[0-9]+", ".+") + SMALLEST).tickets
    assert odd.address("a/../b?c=d#e|<f>") == "https://desk.example.com/t/a%2F..%2Fb%3Fc%3Dd%23e%7C%3Cf%3E"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LATE + LATE, "[[reason]] 1 and [[reason]] 2 are both called 'late'"),
        (
            '[[reason]]\nname = "late"\nen = "Late"\n',
            "[[reason]] 1 zh is missing; it must be the words in Chi",
        ),
        ('[[reason]]\nen = "Late"\nzh = "晚"\n', "[[reason]] 1 name is missing; it must be one word, which"),
        (LATE.replace('"late"', '"too late"'), "[[reason]] 1 name reads 'too late'; it must be one word"),
        (LATE.replace('"late"', '"late:"'), "[[reason]] 1 name reads 'late:'; it must be one word"),
        (LATE.replace("came late", "x" * 50), "; it must be a few words, at most 50 characters"),
        (LATE.replace("zh", "cn"), "unknown key 'cn' in [[reason]] 1; the nearest is 'en'"),
        (
            '[[decline_reason]]\nen = "a"\n',
            "[[decline_reason]] 1 zh is missing; it must be the words in Chinese",
        ),
        (
            "[required]\nreason_fen = 1\n",
            "unknown key 'reason_fen' in [required]; the nearest is",
        ),
        ("[required]\nticket_from_fen = 0\n", "[required] ticket_from_fen reads 0; it must be 1 or more"),
        (STOCK + 'warn = "a\\nb"\n', "[[stock]] 1 warn reads 'a\\nb'; it must be some words on one line"),
        (STOCK + 'warm = "a"\n', "unknown key 'warm' in [[stock]] 1; the nearest is 'warn'"),
    ],
)
def test_a_slip_in_words_is_one_sentence(file: Path, text: str, problem: str) -> None:
    problems = problems_of(file, SMALLEST + text)
    assert len(problems) <= 2
    assert problem in problems[0] or problem in problems[-1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TICKETS.partition("\n")[2], "ticket_url has no ticket_pattern beside it"),
        (TICKETS.replace("https", "http"), "ticket_url reads 'http://desk"),
        (TICKETS.replace("/t/{ticket}", "/t"), "it must be an address that begins with https://"),
        (TICKETS.replace("desk.example.com/t/{ticket}", "{ticket}.example.com/t"), "ticket_url reads"),
        (TICKETS.replace("/t/{ticket}", "/<t>/{ticket}"), "ticket_url reads"),
        (
            TICKETS.replace("[A-Z]+-[0-9]+", "["),
            "a regular expression of Python's (unterminated char",
        ),
        # Either would keep the bot busy for longer than anybody waits, with a hundred characters.
        (TICKETS.replace("[A-Z]+-[0-9]+", "(a+)+b"), "none of a group"),
        (TICKETS.replace("[A-Z]+-[0-9]+", "a*a*a*a*a*b"), "four repetitions"),
        (TICKETS.replace("[A-Z]+-[0-9]+", "[A-Z]*"), "it must not fit nothing at all"),
        ('ticket_patern = "a"\n', "unknown key 'ticket_patern'; the nearest is 'ticket_pattern'"),
    ],
)
def test_a_slip_about_tickets_is_one_sentence(file: Path, text: str, problem: str) -> None:
    (found,) = problems_of(file, text + SMALLEST)
    assert problem in found
