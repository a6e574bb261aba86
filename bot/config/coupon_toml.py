"""coupon.toml: people's choices, read into the policy and the catalogue.

Whoever edits it is not always a programmer: all problems are told at once, each with its place, what was read
and what would be right. An unknown key is an error, since a misspelt limit would be no limit.
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import ValidationError

from bot.config.coupon_toml_checks import Several, needs_of_table
from bot.config.coupon_toml_file import KEYS, File
from bot.config.coupon_toml_tables import (
    CHANNEL,
    FORMS,
    STOCK_ID,
    LimitTable,
    RuleTable,
    StockTable,
    WeekTable,
)
from bot.config.hours import working_hours
from bot.config.toml_tables import CouponTomlProblems, tables_of
from coupons.catalogue import Catalogue
from coupons.model import Stock
from coupons.policy import CustomerTotal, DailyCap, Escalation, Limit, Policy, Rule
from coupons.reasons import NamedReason, Reasons, Required, Wording
from coupons.tickets import TicketSystem
from coupons.week import WeekTime

_HOUR_MS: Final = 3_600_000
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponToml:
    """What the file says. `audit_channel` None: no daily checkpoint in Slack."""

    approval_channel: str
    audit_channel: str | None
    #: Of cards and their threads: `en` or `zh-CN`.
    language: Literal["en", "zh-CN"]
    policy: Policy
    catalogue: Catalogue
    #: When all who approve are sent the week's figures; None: only those who ask for them.
    week: WeekTime | None
    #: Where browsers reach the console of the audit log, without a slash at the end.
    console_url: str
    #: Users and user groups who may write SQL there.
    console_sql: tuple[str, ...]
    #: A checkpoint is due after so many events, and daily.
    checkpoint_events: int
    #: A customer without a request for so long is erased; None: never.
    openid_days: int | None
    #: Calls that give coupons: at most so many begin in a second, and so many are on the wire.
    sends_per_second: int
    sends_at_once: int
    #: Reasons with a short name, and templates for declining.
    reasons: Reasons
    decline_reasons: tuple[Wording, ...]
    tickets: TicketSystem
    #: How fast WeChat Pay is asked each day what became of coupons; None: never of itself.
    coupon_states_per_second: float | None


def load_coupon_toml(path: Path) -> CouponToml:
    """Raises CouponTomlProblems."""
    tables = tables_of(path)
    try:
        file = File.model_validate(tables)
    except ValidationError as error:
        found = itertools.chain.from_iterable(_sentences(each) for each in error.errors(include_url=False))
        problems = [f"{path}: {sentence}" for sentence in found]
    else:
        return _meaning(file)
    raise CouponTomlProblems(*problems)


# --- what it means


def _meaning(file: File) -> CouponToml:
    catalogue = Catalogue(_stock(stock) for stock in file.stock)
    limits, reminders = file.limits, file.reminders
    escalation = None
    if reminders.escalate_hours is not None and reminders.escalate_to is not None:
        escalation = Escalation(
            after_ms=_milliseconds(reminders.escalate_hours), mention=reminders.escalate_to
        )
    policy = Policy(
        agents=_distinct(file.roles.agents),
        approvers=_distinct(file.roles.approvers),
        auditors=_distinct(file.roles.auditors),
        rules=tuple(_rule(rule, catalogue) for rule in file.rule),
        per_customer=_limit(limits.per_customer),
        per_agent=_limit(limits.per_agent),
        per_stock=_limit(limits.per_stock),
        budget=_limit(limits.budget),
        expiry_ms=_milliseconds(file.expiry.hours),
        duplicate_ms=_milliseconds(file.duplicates.hours),
        reminders_ms=tuple(_milliseconds(hours) for hours in reminders.hours),
        escalation=escalation,
        hours=working_hours(file.hours) if file.hours is not None else None,
        together_fen=file.home.approve_together_fen,
        required=Required(file.required.reason_from_fen, file.required.ticket_from_fen),
    )
    return CouponToml(
        approval_channel=file.approval_channel,
        audit_channel=file.audit_channel,
        language=file.language,
        policy=policy,
        catalogue=catalogue,
        week=_week(file.week),
        console_url=file.audit.console_url.rstrip("/"),
        console_sql=_distinct(file.audit.console_sql),
        checkpoint_events=file.audit.checkpoint_events,
        openid_days=file.retention.openid_days,
        sends_per_second=file.sending.per_second,
        sends_at_once=file.sending.at_once,
        reasons=Reasons(
            (NamedReason(each.name, Wording(each.en, each.zh)) for each in file.reason),
            language=file.language,
        ),
        decline_reasons=tuple(Wording(each.en, each.zh) for each in file.decline_reason),
        tickets=TicketSystem(file.ticket_pattern or "", file.ticket_url or ""),
        coupon_states_per_second=file.coupon_states.per_second if file.coupon_states.daily else None,
    )


def _stock(table: StockTable) -> Stock:
    words = table.customer_words.model_dump(exclude_none=True)
    return Stock(
        table.stock_id,
        table.alias,
        table.name,
        table.value_fen,
        table.code_mode,
        valid_days=table.valid_days,
        customer_words=words,
        warn=table.warn or "",
    )


def _rule(table: RuleTable, catalogue: Catalogue) -> Rule:
    stocks = [catalogue.find(word) for word in table.stocks]
    total, cap = table.max_customer_total, table.per_day
    needs = needs_of_table(table)
    return Rule(
        table.max_value_fen,
        table.needed,
        needs.entries or _distinct(table.approvers),
        stock_ids=_distinct([stock.stock_id for stock in stocks if stock]),
        requesters=_distinct(table.requesters),
        customer_total=CustomerTotal(total.fen, total.days) if total else None,
        per_day=DailyCap(cap.count, cap.fen) if cap else None,
        needs=needs,
    )


def _limit(table: LimitTable | None) -> Limit | None:
    return Limit(table.count, table.days, table.when_reached, table.fen) if table else None


def _week(table: WeekTable | None) -> WeekTime | None:
    if table is None:
        return None
    names = get_args(WeekTable.model_fields["weekday"].annotation)
    return WeekTime(names.index(table.weekday), table.hour)


def _milliseconds(hours: float) -> int:
    return math.ceil(hours * _HOUR_MS)


def _distinct(ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


# --- sentences

_RIGHT: Final[Mapping[str, str]] = {
    "string_type": "text in quotation marks",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number with an end",
    "string_too_long": "at most {max_length} characters",
    "greater_than_equal": "{ge:.0f} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le:.0f} or less",
    "enum": "{expected}",
    "literal_error": "{expected}",
    "too_long": "a list with {max_length} entries or fewer",
    "too_short": "a list with one entry or more",
    "list_type": "a list in square brackets; tables in a list begin with double ones, like [[stock]]",
    "model_type": "a table",
}
#: What a required key is.
_WHAT: Final[Mapping[str, str]] = {
    "approval_channel": f"{CHANNEL}, above the first [table]",
    "stock_id": STOCK_ID,
    "alias": "the word people type for the stock",
    "name": "the stock's name as people know it",
    "reason name": "one word, which people type before the reason",
    "en": "the words in English",
    "zh": "the words in Chinese",
    "value_fen": "what it is worth in fen, for example 1000 for ¥10",
    "code_mode": "the stock's coupon_code_mode, WECHATPAY_MODE, MERCHANT_API or MERCHANT_UPLOAD",
    "weekday": "the day of the week on which it is sent, monday to sunday",
    "approvals": "how many people must approve, 0 or more, or of whom: "
    '[{ of = ["S0LEADS"] }, { of = ["S0FINANCE"] }]',
    "of": 'the ids of users (U... or W...) and user groups (S...), like ["S0LEADS"]',
    "count": "the most requests in the time, 1 or more",
    "fen": "the most they may be worth together in the time, in fen",
    "days": "the time in days, 1 or more",
    "from": "when work begins, in Beijing, like 09:00",
    "to": "when it ends, like 18:00",
}


def _sentences(error: Mapping[str, Any]) -> Sequence[str]:
    """One of pydantic's errors in our words: place, what was read, what would be right."""
    error = {**error, "loc": tuple(part for part in error["loc"] if part not in FORMS)}
    context, where = error.get("ctx", {}), _place(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return [_unknown_key(error["loc"])]
        case "missing":
            table, key = error["loc"][0], error["loc"][-1]
            return [f"{where} is missing; it must be {_WHAT.get(f'{table} {key}') or _WHAT[key]}"]
        case "value_error":
            ours = context["error"]
            if isinstance(ours, Several):
                return ours.problems
            right = str(ours)
        case "int_type" if error["loc"][-1] == "approvals":
            right = _WHAT["approvals"]
        case kind:
            right = _RIGHT[kind].format(**context)
    return [f"{where} reads {_quoted(error['input'])}; it must be {right}"]


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    *outer, key = loc
    names = [str(part) for part in outer if isinstance(part, str)]
    known = KEYS[names[-1] if names else ""]
    # A key of the table, to have the table itself written as one.
    where = f" in {_place((*outer, ''))}" if outer else ""
    # The frequent slip in TOML: after [roles] everything belongs to it.
    if key in KEYS[""]:
        return f"unknown key {key!r}{where}; it must stand at the top, before the first [table]"
    nearest = difflib.get_close_matches(str(key), known, n=1, cutoff=0)[0]
    return f"unknown key {key!r}{where}; the nearest is {nearest!r}"


def _place(loc: tuple[int | str, ...]) -> str:
    """`[[stock]] 2 value_fen`: the second stock's value; `[roles] agents 1`: the first of the agents."""
    words = [str(part + 1) if isinstance(part, int) else part for part in loc]
    if len(loc) > 1:
        words[0] = f"[[{words[0]}]]" if isinstance(loc[1], int) else f"[{words[0]}]"
    return " ".join(words).strip()


def _quoted(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return repr(value[:_SHOWN]) + ("..." if len(value) > _SHOWN else "")
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)[:_SHOWN]
