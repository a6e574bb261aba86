"""coupon.toml's tables for rules, limits by value, duplicates, reminders and the Home tab."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bot.config.coupon_toml import load_coupon_toml
from bot.config.coupon_toml_file import File
from bot.config.coupon_toml_tables import RuleTable
from coupons.needs import NeedPart, Needs
from coupons.permissions import Reason
from coupons.policy import CustomerTotal, DailyCap, Escalation, Limit, Rule, WhenReached
from coupons.rules import Facts, terms
from coupons.week import WeekTime
from tests.bot.test_coupon_toml import EXAMPLE, LATE, SMALLEST, around, problems_of, read

HOUR = 3_600_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "coupon.toml"


EVERYTHING = (
    SMALLEST
    + LATE
    + """
valid_days = 30
customer_words.en = "Sorry. {code} is yours."
customer_words.zh = "抱歉，{code}"

[[rule]]
max_value_fen = 500
stocks = ["LATE-10", "1212121212"]
requesters = ["S0SENIORS", "U0LI", "U0LI"]
max_customer_total = { fen = 3000, days = 30 }
approvals = 0
per_day = { count = 20, fen = 10000 }

[limits]
per_stock = { fen = 5000, days = 7 }
budget = { count = 9, fen = 90000, days = 1, when_reached = "approve" }

[duplicates]
hours = 0.5

[reminders]
hours = [0.5, 4]
escalate_hours = 6
escalate_to = "S0MANAGERS"

[home]
approve_together_fen = 2000

[week]
weekday = "sunday"
"""
)


def test_every_new_table_means_what_it_says(file: Path) -> None:
    config = read(file, EVERYTHING)
    policy = config.policy
    assert policy.rules == (
        Rule(
            500,
            0,
            (),
            stock_ids=("1212121212",),
            requesters=("S0SENIORS", "U0LI"),
            customer_total=CustomerTotal(3000, 30),
            per_day=DailyCap(20, 10_000),
        ),
    )
    assert policy.per_stock == Limit(None, 7, WhenReached.REFUSE, 5000)
    assert policy.budget == Limit(9, 1, WhenReached.APPROVE, 90_000)
    assert (policy.duplicate_ms, policy.reminders_ms) == (HOUR // 2, (HOUR // 2, 4 * HOUR))
    assert policy.escalation == Escalation(after_ms=6 * HOUR, mention="S0MANAGERS")
    assert policy.together_fen == 2000
    assert config.week == WeekTime(6, 9)
    assert policy.groups == {"S0SENIORS"}
    [stock] = config.catalogue
    assert stock.valid_days == 30
    assert stock.customer_words == {"en": "Sorry. {code} is yours.", "zh": "抱歉，{code}"}


def test_left_out_a_second_like_request_is_asked_about_and_nothing_else_is_new(file: Path) -> None:
    policy = read(file, SMALLEST).policy
    assert policy.duplicate_ms == 24 * HOUR
    assert (policy.reminders_ms, policy.escalation, policy.together_fen) == ((), None, 0)
    assert (policy.per_stock, policy.budget, policy.rules) == (None, None, ())
    found = terms(policy, Facts(value_fen=1, stock_id="1", requester="U0LI"), {})
    assert (found.decision.reason, found.approvals_needed) == (Reason.ALLOWED, 1)


def test_the_duplicate_question_can_be_switched_off(file: Path) -> None:
    assert read(file, f"{SMALLEST}[duplicates]\nhours = 0\n").policy.duplicate_ms == 0


def uncommented() -> str:
    """The example with its examples in force: `# key = ...` and `# [table]` at the start of a line."""
    text = EXAMPLE.read_text(encoding="utf-8")
    return re.sub(r"(?m)^# (?=[a-z_.]+ = |\[)", "", text)


def test_what_the_example_has_in_comments_is_right_and_names_every_key(file: Path) -> None:
    text = uncommented()
    config = read(file, text)
    assert config.policy.rules[0].per_day == DailyCap(20, 10_000)
    assert len(config.policy.rules) == 4
    assert config.policy.rules[2].needs == Needs(
        (NeedPart(("S0LEADS",)), NeedPart(("S0FINANCE",))), in_order=True
    )
    written = tomllib.loads(text)
    assert set(written) == set(File.model_fields)
    assert set(written["rule"][0]) == set(RuleTable.model_fields) - {"approvers", "in_order"}
    assert "in_order" in written["rule"][2]
    # Commented out, nothing of it is in force.
    assert load_coupon_toml(EXAMPLE).policy.rules[0].approvals == 1


BAD = [
    ("[[rule]]\napprovals = true", "[[rule]] 1 approvals reads true; it must be how many people must app"),
    ("[[rule]]\napprovals = -1", "[[rule]] 1 approvals reads -1; it must be 0 or more"),
    (
        "[[rule]]\napprovals = []",
        "[[rule]] 1 approvals reads a list; it must be a list with one entry or more",
    ),
    ("[[rule]]\napprovals = [2]", "[[rule]] 1 approvals 1 reads 2; it must be a table"),
    (
        '[[rule]]\napprovals = [{ of = ["leads"] }]',
        "[[rule]] 1 approvals 1 of 1 reads 'leads'; it must be the id of a user (U... or W",
    ),
    ("[[rule]]\napprovals = [{ of = [] }]", "[[rule]] 1 approvals 1 of reads a list; it must be a list with"),
    (
        '[[rule]]\napprovals = [{ of = ["S0LEADS"], count = 0 }]',
        "[[rule]] 1 approvals 1 count reads 0; it must be 1 or more",
    ),
    (
        "[[rule]]\napprovals = [" + "{ of = ['S0LEADS'] }, " * 11 + "]",
        "[[rule]] 1 approvals reads a list; it must be a list with 10 entries or fewer",
    ),
    (
        '[[rule]]\napprovals = 1\nstocks = "late-10"',
        "[[rule]] 1 stocks reads 'late-10'; it must be a list in",
    ),
    (
        '[[rule]]\napprovals = 1\nrequesters = ["@li"]',
        "[[rule]] 1 requesters 1 reads '@li'; it must be the id of a user (U... or W",
    ),
    (
        "[[rule]]\napprovals = 1\nmax_customer_total = 5000",
        "[[rule]] 1 max_customer_total reads 5000; it must be a table",
    ),
    (
        "[[rule]]\napprovals = 1\nmax_customer_total = {fen = 0, days = 30}",
        "[[rule]] 1 max_customer_total fen reads 0; it must be 1 or more",
    ),
    (
        "[[rule]]\napprovals = 0\nper_day = {count = 0, fen = 100}",
        "[[rule]] 1 per_day count reads 0; it must be 1 or more",
    ),
    ("[[rule]]\napprovals = 0\nper_day = 20", "[[rule]] 1 per_day reads 20; it must be a table"),
    (
        "[limits]\nbudget = {days = 1}",
        "[limits] budget reads a table; it must be a table with count (requests), fen (their value together)",
    ),
    ("[limits]\nbudget = {fen = 0, days = 1}", "[limits] budget fen reads 0; it must be 1 or more"),
    ("[limits]\nper_stock = {fen = 1.5, days = 1}", "[limits] per_stock fen reads 1.5; it must be a whole"),
    ("[duplicates]\nhours = -1", "[duplicates] hours reads -1; it must be 0 or more"),
    ('[duplicates]\nhours = "never"', "[duplicates] hours reads 'never'; it must be a number"),
    ("[duplicates]\nhours = nan", "[duplicates] hours reads nan; it must be"),
    ("[reminders]\nhours = 4", "[reminders] hours reads 4; it must be a list in square brackets"),
    ("[reminders]\nhours = [1, 0]", "[reminders] hours 2 reads 0; it must be more than 0"),
    (
        '[reminders]\nescalate_hours = 2\nescalate_to = "boss"',
        "[reminders] escalate_to reads 'boss'; it must be the id of a user (U... or W",
    ),
    ("[home]\napprove_together_fen = -1", "[home] approve_together_fen reads -1; it must be 0 or more"),
    ('[week]\nweekday = "Mon"', "[week] weekday reads 'Mon'; it must be 'monday', 'tuesday', 'wednesday',"),
    ('[week]\nweekday = "monday"\nhour = 24', "[week] hour reads 24; it must be 23 or less"),
    (f"{LATE}valid_days = 0", "[[stock]] 1 valid_days reads 0; it must be 1 or more"),
    (f'{LATE}customer_words = "sorry"', "[[stock]] 1 customer_words reads 'sorry'; it must be a table"),
    (
        f'{LATE}customer_words.en = "sorry"',
        "[[stock]] 1 customer_words en reads 'sorry'; it must be a sentence with {code} where the coupon",
    ),
    (
        f'{LATE}customer_words.zh = "{{code}} {{name}}"',
        "[[stock]] 1 customer_words zh reads '{code} {name}'; it must be a sentence with {code} where",
    ),
    (
        f'{LATE}customer_words.en = "{{code}}\\nsorry"',
        "[[stock]] 1 customer_words en reads '{code}\\nsorry'; it must be some words on one line",
    ),
    # whole tables
    ("[sending]\nper_secnd = 3", "unknown key 'per_secnd' in [sending]; the nearest is 'per_second'"),
    ("[home]\nfen = 1", "unknown key 'fen' in [home]; the nearest is 'approve_together_fen'"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_a_wrong_value_gets_one_sentence_with_its_place(file: Path, text: str, sentence: str) -> None:
    (problem,) = problems_of(file, around(text))
    assert problem.startswith(sentence)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            f"{SMALLEST}[[rule]]\napprovals = 0\nper_day = {{}}",
            ["[[rule]] 1 per_day count", "[[rule]] 1 per_day fen"],
        ),
        (
            f"{SMALLEST}[[rule]]\napprovals = [{{ count = 2 }}]",
            ["[[rule]] 1 approvals 1 of"],
        ),
        (
            f"{SMALLEST}[[rule]]\napprovals = 1\nmax_customer_total = {{}}",
            ["[[rule]] 1 max_customer_total fen", "[[rule]] 1 max_customer_total days"],
        ),
    ],
)
def test_a_missing_key_is_named_and_described(file: Path, text: str, places: list[str]) -> None:
    problems = problems_of(file, text)
    assert [problem.partition(" is missing; it must be ")[0] for problem in problems] == places


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"{SMALLEST}[reminders]\nescalate = 1",
            "unknown key 'escalate' in [reminders]; the nearest is 'escalate_to'",
        ),
        (
            f"{SMALLEST}[limits]\nper_stocks = 1",
            "unknown key 'per_stocks' in [limits]; the nearest is 'per_stock'",
        ),
        (
            f"{SMALLEST}[[rule]]\napprovals = 0\nper_day = {{count = 1, fen = 1, fens = 1}}",
            "unknown key 'fens' in [[rule]] 1 per_day; the nearest is 'fen'",
        ),
        (
            f"{SMALLEST}[[rule]]\napprovals = [{{ of = ['S0LEADS'], counts = 2 }}]",
            "unknown key 'counts' in [[rule]] 1 approvals 1; the nearest is 'count'",
        ),
        (
            f'{SMALLEST}{LATE}customer_words.cn = "{{code}}"',
            "unknown key 'cn' in [[stock]] 1 customer_words; the nearest is 'en'",
        ),
        (f"{SMALLEST}[duplicate]\nhours = 1", "unknown key 'duplicate'; the nearest is 'duplicates'"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(file: Path, text: str, sentence: str) -> None:
    assert problems_of(file, text) == [sentence]


# --- what belongs together

ONE = "[[rule]]\napprovals = 1\n"
NONE = "[[rule]]\napprovals = 0\n"

TOGETHER = [
    (
        f'{LATE}{ONE}stocks = ["late-10", "late-20"]\n',
        "[[rule]] 1 stocks reads 'late-20', which is no [[stock]]'s alias or stock_id; it must be one",
    ),
    (
        f"{NONE}max_value_fen = 9\n",
        "[[rule]] 1 asks for no approval and has no per_day; it must say how much",
    ),
    (
        f"{ONE}per_day = {{ count = 1, fen = 1 }}\n",
        "[[rule]] 1 has per_day, which is only for approvals = 0; limits for all stand in [limits]",
    ),
    (
        "[[rule]]\napprovals = [{ of = ['U0A'] }, { of = ['U0A'] }]\n",
        "[[rule]] 1 asks for 2 approvals, each by another person, and its parts name too few (U0A); they",
    ),
    (
        "[[rule]]\napprovals = [{ of = ['S0LEADS'] }]\napprovers = ['S0LEADS']\n",
        "[[rule]] 1 has approvers beside approvals that name their own people; it must have one of them",
    ),
    (
        f"{ONE}in_order = true\n",
        "[[rule]] 1 has in_order, which is only for approvals of several groups, like",
    ),
    ("[reminders]\nhours = [4, 1]\n", "[reminders] hours reads [4.0, 1.0]; each must be later than the one"),
    ("[reminders]\nhours = [1, 1]\n", "[reminders] hours reads [1.0, 1.0]; each must be later than the one"),
    ("[reminders]\nhours = [24]\n", "[reminders] names 24 hours, but a request expires after 24; it must be"),
    (
        "[expiry]\nhours = 2\n[reminders]\nhours = [1, 2.5]\n",
        "[reminders] names 2.5 hours, but a request expires after 2; it must be sooner",
    ),
    (
        '[reminders]\nescalate_hours = 30\nescalate_to = "U0BOSS"\n',
        "[reminders] names 30 hours, but a request expires after 24; it must be sooner",
    ),
    ("[reminders]\nescalate_hours = 3\n", "[reminders] has only one of escalate_hours and escalate_to; it"),
    ('[reminders]\nescalate_to = "U0BOSS"\n', "[reminders] has only one of escalate_hours and escalate_to;"),
]


@pytest.mark.parametrize(("text", "sentence"), TOGETHER)
def test_what_does_not_fit_together_gets_one_sentence(file: Path, text: str, sentence: str) -> None:
    (problem,) = problems_of(file, SMALLEST + text)
    assert problem.startswith(sentence)


WIDE, NARROW = "[[rule]]\napprovals = 1\n", "[[rule]]\napprovals = 2\n"

#: the first rule's conditions, the second's, whether the second is never reached
ORDER = [
    ("", 'requesters = ["U0A"]', True),
    ('requesters = ["U0A"]', "", False),
    ('requesters = ["U0A", "U0B"]', 'requesters = ["U0B"]', True),
    ('requesters = ["U0A"]', 'requesters = ["U0A", "U0B"]', False),
    ('stocks = ["late-10"]', "", False),
    ("", 'stocks = ["late-10"]', True),
    ('stocks = ["LATE-10"]', 'stocks = ["late-10"]', True),
    ("max_customer_total = { fen = 9, days = 1 }", "", False),
    ("", "max_customer_total = { fen = 9, days = 1 }", True),
    (
        "max_customer_total = { fen = 9, days = 1 }",
        "max_customer_total = { fen = 9, days = 1 }\nmax_value_fen = 3",
        True,
    ),
    ("max_customer_total = { fen = 9, days = 1 }", "max_customer_total = { fen = 5, days = 1 }", False),
    ("max_value_fen = 5", 'stocks = ["late-10"]', False),
]


@pytest.mark.parametrize(("first", "second", "unreached"), ORDER)
def test_only_a_rule_that_surely_fits_everything_before_hides_another(
    file: Path, first: str, second: str, unreached: bool
) -> None:
    text = f"{SMALLEST}{LATE}{WIDE}{first}\n{NARROW.replace('2', '1')}{second}\n"
    if not unreached:
        assert len(read(file, text).policy.rules) == 2
        return
    (problem,) = problems_of(file, text)
    assert problem.startswith("[[rule]] 2 is never reached, since [[rule]] 1 stands before it and fits")


def test_an_automatic_rule_too_needs_somebody_for_when_its_day_is_used_up(file: Path) -> None:
    text = 'approval_channel = "C0APPROVE"\n[[rule]]\napprovals = 0\nper_day = { count = 1, fen = 1 }\n'
    (problem,) = problems_of(file, text)
    assert problem.startswith("[[rule]] 1 has no approvers, and [roles] approvers is empty")
