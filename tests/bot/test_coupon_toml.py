"""coupon.toml: what it means, and the sentence for everything that it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.coupon_toml import CouponToml, load_coupon_toml
from bot.config.toml_tables import CouponTomlProblems
from coupons.model import CodeMode, Stock
from coupons.policy import Limit, Policy, Rule, WhenReached

EXAMPLE = Path(__file__).parents[2] / "coupon.toml"

SMALLEST = 'approval_channel = "C0APPROVE"\n[roles]\napprovers = ["U0WANG"]\n'
LATE = """
[[stock]]
stock_id = "1212121212"
alias = "late-10"
name = "late"
value_fen = 1000
code_mode = "WECHATPAY_MODE"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "coupon.toml"


def read(file: Path, text: str) -> CouponToml:
    file.write_text(text, encoding="utf-8")
    return load_coupon_toml(file)


def problems_of(file: Path, text: str) -> list[str]:
    """The sentences, without the path that each begins with."""
    with pytest.raises(CouponTomlProblems) as caught:
        read(file, text)
    assert all(problem.startswith(f"{file}") for problem in caught.value.problems)
    return [problem.removeprefix(f"{file}: ") for problem in caught.value.problems]


def test_the_example_means_what_it_says() -> None:
    config = load_coupon_toml(EXAMPLE)
    assert (config.approval_channel, config.audit_channel) == ("C0APPROVE", None)
    assert config.policy == Policy(
        agents=("S0AGENTS",),
        approvers=("S0LEADS", "U0WANG"),
        auditors=("U0FIN",),
        rules=(Rule(2000, 1, ()), Rule(None, 2, ("S0MANAGERS",))),
        per_customer=Limit(2, 30, WhenReached.REFUSE),
        per_agent=Limit(50, 1, WhenReached.APPROVE),
        expiry_ms=24 * 3_600_000,
    )
    assert list(config.catalogue) == [
        Stock("1212121212", "late-10", "¥10 off, late delivery", 1000, CodeMode.WECHATPAY_MODE)
    ]
    assert config.policy.approvers_of(config.policy.rules[0]) == ("S0LEADS", "U0WANG")


def test_what_is_left_out_has_the_contracts_default(file: Path) -> None:
    config = read(file, SMALLEST)
    assert config.audit_channel is None
    assert config.policy == Policy(agents=(), approvers=("U0WANG",), expiry_ms=24 * 3_600_000)
    assert list(config.catalogue) == []
    assert (config.sends_per_second, config.sends_at_once) == (400, 64)


def test_sending_is_as_fast_as_the_file_says(file: Path) -> None:
    config = read(file, f"{SMALLEST}\n[sending]\nper_second = 50\nat_once = 8")
    assert (config.sends_per_second, config.sends_at_once) == (50, 8)


@pytest.mark.parametrize(("hours", "ms"), [("1", 3_600_000), ("0.5", 1_800_000), ("0.0000001", 1)])
def test_hours_may_be_parts_of_hours(file: Path, hours: str, ms: int) -> None:
    assert read(file, f"{SMALLEST}[expiry]\nhours = {hours}\n").policy.expiry_ms == ms


def test_one_person_listed_twice_is_one_person(file: Path) -> None:
    config = read(file, SMALLEST.replace('["U0WANG"]', '["U0WANG", "W0LI", "U0WANG"]'))
    assert config.policy.approvers == ("U0WANG", "W0LI")


def test_a_byte_order_mark_is_no_problem(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + SMALLEST.encode())
    assert load_coupon_toml(file).approval_channel == "C0APPROVE"


# --- the form

BAD_FORM = [
    (
        'approval_channel = "#approvals"',
        "approval_channel reads '#approvals'; it must be a channel's id (C...",
    ),
    ("approval_channel = 3", "approval_channel reads 3; it must be text in quotation marks"),
    ('approval_channel = "D0DIRECT"', "approval_channel reads 'D0DIRECT'; it must be a channel's id"),
    ('audit_channel = ""', "audit_channel reads ''; it must be a channel's id (C... or G...), not its name"),
    ("roles = 3", "roles reads 3; it must be a table"),
    ('[roles]\nagents = "U0A"', "[roles] agents reads 'U0A'; it must be a list in square brackets"),
    (
        '[roles]\nagents = ["U0A", "@li"]',
        "[roles] agents 2 reads '@li'; it must be the id of a user (U... or W",
    ),
    ('[roles]\nauditors = ["C0FIN"]', "[roles] auditors 1 reads 'C0FIN'; it must be the id of a user"),
    ("[stock]\nvalue_fen = 3", "stock reads a table; it must be a list in square brackets; tables in a list"),
    (LATE.replace('"1212121212"', "1212121212"), "[[stock]] 1 stock_id reads 1212121212; it must be text in"),
    (
        LATE.replace("1212121212", "1" * 21),
        f"[[stock]] 1 stock_id reads '{'1' * 21}'; it must be the stock's",
    ),
    (LATE.replace("late-10", "late 10"), "[[stock]] 1 alias reads 'late 10'; it must be one word without"),
    (LATE.replace("late-10", ""), "[[stock]] 1 alias reads ''; it must be one word without spaces"),
    (LATE.replace("late-10", "late\u200b"), "[[stock]] 1 alias reads 'late\\u200b'; it must be one word"),
    (LATE.replace("late-10", "ｌａｔｅ"), "[[stock]] 1 alias reads 'ｌａｔｅ'; it must be one word without"),
    (LATE.replace('"late"', '" "'), "[[stock]] 1 name reads ' '; it must be some words on one line"),
    (LATE.replace('"late"', '"a\\nb"'), "[[stock]] 1 name reads 'a\\nb'; it must be some words on one line"),
    (LATE.replace("1000", "0"), "[[stock]] 1 value_fen reads 0; it must be 1 or more"),
    (LATE.replace("1000", "10.00"), "[[stock]] 1 value_fen reads 10.0; it must be a whole number"),
    (LATE.replace("1000", "true"), "[[stock]] 1 value_fen reads true; it must be a whole number"),
    (
        LATE.replace("1000", "9" * 20),
        f"[[stock]] 1 value_fen reads {'9' * 20}; it must be 2147483647 or less",
    ),
    (
        LATE.replace("WECHATPAY_MODE", "WECHAT_MODE"),
        "[[stock]] 1 code_mode reads 'WECHAT_MODE'; it must be 'WECHATPAY_MODE', 'MERCHANT_API'",
    ),
    ("[[rule]]\napprovals = -1", "[[rule]] 1 approvals reads -1; it must be 0 or more"),
    (
        "[[rule]]\napprovals = 1\nmax_value_fen = -1",
        "[[rule]] 1 max_value_fen reads -1; it must be 1 or more",
    ),
    (
        "[[rule]]\napprovals = 1\napprovers = [1]",
        "[[rule]] 1 approvers 1 reads 1; it must be text in quotation",
    ),
    ("[limits]\nper_agent = 3", "[limits] per_agent reads 3; it must be a table"),
    ("[limits]\nper_agent = {count = 0, days = 1}", "[limits] per_agent count reads 0; it must be 1 or more"),
    ("[limits]\nper_customer = {count = 1, days = 0}", "[limits] per_customer days reads 0; it must be 1 or"),
    (
        '[limits]\nper_customer = {count = 1, days = 1, when_reached = "ask"}',
        "[limits] per_customer when_reached reads 'ask'; it must be 'refuse' or 'approve'",
    ),
    ("[expiry]\nhours = 0", "[expiry] hours reads 0; it must be more than 0"),
    ("[expiry]\nhours = -1.5", "[expiry] hours reads -1.5; it must be more than 0"),
    ("[expiry]\nhours = inf", "[expiry] hours reads inf; it must be a number with an end"),
    ("[expiry]\nhours = nan", "[expiry] hours reads nan; it must be a number with an end"),
    ('[expiry]\nhours = "24"', "[expiry] hours reads '24'; it must be a number"),
    ("[sending]\nper_second = 501", "[sending] per_second reads 501; it must be 500 or less"),
    ("[sending]\nper_second = 0", "[sending] per_second reads 0; it must be 1 or more"),
    ("[sending]\nat_once = 91", "[sending] at_once reads 91; it must be 90 or less"),
    ("[expiry]\nhours = 1e12", "[expiry] hours reads 1000000000000.0; it must be 876000 or less"),
]


def around(text: str) -> str:
    """The smallest good file, with `text` in the place of what it changes."""
    lines = text.strip().splitlines()
    top = [line for line in lines[:1] if not line.startswith("[")]
    rest = "\n".join(lines[len(top) :])
    head = [] if text.startswith("approval_channel") else ['approval_channel = "C0APPROVE"']
    roles = '[roles]\napprovers = ["U0WANG"]'
    if text.startswith("[roles]"):
        roles, rest = f'{rest}\napprovers = ["U0WANG"]', ""
    elif text.startswith("roles"):
        roles = ""
    return "\n".join([*head, *top, roles, rest])


@pytest.mark.parametrize(("text", "sentence"), BAD_FORM)
def test_a_wrong_value_gets_one_sentence_with_its_place(file: Path, text: str, sentence: str) -> None:
    (problem,) = problems_of(file, around(text))
    assert problem.startswith(sentence)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('[roles]\napprovers = ["U0A"]', ["approval_channel"]),
        (
            f"{SMALLEST}[[stock]]\n",
            [f"[[stock]] 1 {key}" for key in ("stock_id", "alias", "name", "value_fen", "code_mode")],
        ),
        (f"{SMALLEST}[[rule]]\n", ["[[rule]] 1 approvals"]),
        (f"{SMALLEST}[limits]\nper_agent = {{}}", ["[limits] per_agent days"]),
    ],
)
def test_a_missing_key_is_named_and_described(file: Path, text: str, places: list[str]) -> None:
    problems = problems_of(file, text)
    assert [problem.partition(" is missing; it must be ")[0] for problem in problems] == places
    assert all(problem.partition(" is missing; it must be ")[2] for problem in problems)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"aprovers = []\n{SMALLEST}", "unknown key 'aprovers'; the nearest is 'roles'"),
        (
            f"aproval_channel = 3\n{SMALLEST}",
            "unknown key 'aproval_channel'; the nearest is 'approval_channel'",
        ),
        (f"{SMALLEST}aproovers = []", "unknown key 'aproovers' in [roles]; the nearest is 'approvers'"),
        (f"{SMALLEST}[expiries]\n", "unknown key 'expiries'; the nearest is 'expiry'"),
        (f"{SMALLEST}{LATE}value = 3", "unknown key 'value' in [[stock]] 1; the nearest is 'value_fen'"),
        (
            f"{SMALLEST}[[rule]]\napprovals = 1\nmax_value = 3",
            "unknown key 'max_value' in [[rule]] 1; the nearest is 'max_value_fen'",
        ),
        (
            f"{SMALLEST}[limits]\nper_agents = 1",
            "unknown key 'per_agents' in [limits]; the nearest is 'per_agent'",
        ),
        (
            f"{SMALLEST}[limits]\nper_agent = {{count = 1, days = 1, day = 1}}",
            "unknown key 'day' in [limits] per_agent; the nearest is 'days'",
        ),
        (f"{SMALLEST}[expiry]\nhour = 1", "unknown key 'hour' in [expiry]; the nearest is 'hours'"),
        (
            f'{SMALLEST}audit_channel = "C0AUDIT"',
            "unknown key 'audit_channel' in [roles]; it must stand at the top, before the first [table]",
        ),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(file: Path, text: str, sentence: str) -> None:
    """A misspelt limit would be no limit."""
    assert problems_of(file, text) == [sentence]


# --- what belongs together


def stock(stock_id: str, alias: str) -> str:
    return LATE.replace("1212121212", stock_id).replace("late-10", alias)


@pytest.mark.parametrize(
    ("stocks", "sentence"),
    [
        ([("1", "a"), ("1", "b")], "[[stock]] 1 and [[stock]] 2 have the same stock_id '1'; "),
        ([("1", "a"), ("2", "a")], "[[stock]] 1 and [[stock]] 2 have the same alias 'a'; "),
        ([("1", "a"), ("2", "b"), ("3", "A")], "[[stock]] 1 and [[stock]] 3 have the same alias 'A'; "),
        ([("1", "2"), ("2", "b")], "[[stock]] 1 alias reads '2', which is the stock_id of [[stock]] 2; "),
        ([("X1", "a"), ("2", "x1")], "[[stock]] 2 alias reads 'x1', which is the stock_id of [[stock]] 1; "),
    ],
)
def test_one_word_means_one_stock(file: Path, stocks: list[tuple[str, str]], sentence: str) -> None:
    (problem,) = problems_of(file, SMALLEST + "".join(stock(*each) for each in stocks))
    assert problem.startswith(sentence)


def test_an_alias_may_be_the_stocks_own_number(file: Path) -> None:
    found = read(file, SMALLEST + stock("1212", "1212")).catalogue.find("1212")
    assert found is not None
    assert found.stock_id == "1212"


@pytest.mark.parametrize(
    ("limits", "unreached"),
    [
        ((None, 2000), 2),
        ((None, None), 2),
        ((2000, 2000), 2),
        ((2000, 1000, None), 2),
        ((1000, 3000, 2000), 3),
    ],
)
def test_a_rule_that_is_never_reached_is_an_error(
    file: Path, limits: tuple[int | None, ...], unreached: int
) -> None:
    text = SMALLEST
    for limit in limits:
        text += "[[rule]]\napprovals = 1\n" + ("" if limit is None else f"max_value_fen = {limit}\n")
    (problem,) = problems_of(file, text)
    assert problem.startswith(f"[[rule]] {unreached} is never reached, since [[rule]] ")


def test_a_rule_that_too_few_listed_people_could_satisfy_is_an_error(file: Path) -> None:
    few = f'{SMALLEST}[[rule]]\napprovals = 2\napprovers = ["U0A", "U0A"]\n'
    by_the_role = f"{SMALLEST}[[rule]]\napprovals = 2\n"
    for text, person in ((few, "U0A"), (by_the_role, "U0WANG")):
        (problem,) = problems_of(file, text)
        asks = (
            f"[[rule]] 1 asks for 2 approvals, but only 1 could be given ({person}); it must name more people"
        )
        assert problem.startswith(asks)


@pytest.mark.parametrize("approvers", ['["U0A", "U0B"]', '["S0LEADS"]', '["U0A", "S0LEADS"]'])
def test_a_rule_that_enough_people_may_satisfy_is_none(file: Path, approvers: str) -> None:
    """How many a user group has is known to Slack only."""
    config = read(file, f"{SMALLEST}[[rule]]\napprovals = 2\napprovers = {approvers}\n")
    assert config.policy.rules[0].approvals == 2


TOP = 'approval_channel = "C0APPROVE"\n'


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (TOP, ["[roles] approvers is empty, so nobody could approve what no [[rule]] fits"]),
        (
            f"{TOP}[[rule]]\napprovals = 1\n",
            ["[[rule]] 1 has no approvers, and [roles] approvers is empty"],
        ),
        (
            f'{TOP}[[rule]]\nmax_value_fen = 9\napprovals = 1\napprovers = ["U0A"]\n',
            ["[roles] approvers is empty, so nobody could approve what no [[rule]] fits"],
        ),
    ],
)
def test_a_value_that_nobody_may_approve_is_an_error(file: Path, text: str, sentences: list[str]) -> None:
    problems = problems_of(file, text)
    assert [problem.partition(";")[0] for problem in problems] == sentences


def test_the_role_may_be_empty_when_the_rules_name_people_for_every_value(file: Path) -> None:
    config = read(file, f'{TOP}[[rule]]\napprovals = 1\napprovers = ["U0A"]\n')
    assert config.policy.approvers_of(config.policy.rules[0]) == ("U0A",)
