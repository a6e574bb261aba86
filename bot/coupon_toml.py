"""coupon.toml: people's choices, read into the policy and the catalogue.

Whoever edits it is not always a programmer: all problems are told at once, each with its place, what was read
and what would be right. An unknown key is an error, since a misspelt limit would be no limit.
"""

from __future__ import annotations

import difflib
import itertools
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from coupons.catalogue import Catalogue
from coupons.model import CodeMode, Stock
from coupons.policy import Limit, Policy, Rule, WhenReached
from handlers.cleaning import drop_invisible, fold_width

_HOUR_MS: Final = 3_600_000
#: A century. More is a slip, and would leave the range of SQLite's integers.
_MOST_DAYS: Final = 36_500
_MOST: Final = 2**31 - 1
_SHOWN: Final = 60
_CHANNEL: Final = "a channel's id (C... or G...), not its name"
_STOCK_ID: Final = "the stock's number at WeChat Pay, at most 20 digits in quotation marks"


class CouponTomlProblems(Exception):
    """What is wrong with coupon.toml, all of it: one sentence for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponToml:
    """What the file says. `audit_channel` None: no daily checkpoint in Slack."""

    approval_channel: str
    audit_channel: str | None
    policy: Policy
    catalogue: Catalogue


def load_coupon_toml(path: Path) -> CouponToml:
    """Raises CouponTomlProblems."""
    tables = _read(path)
    try:
        file = _File.model_validate(tables)
    except ValidationError as error:
        found = itertools.chain.from_iterable(_sentences(each) for each in error.errors(include_url=False))
        problems = [f"{path}: {sentence}" for sentence in found]
    else:
        return file.meaning()
    raise CouponTomlProblems(problems)


def _read(path: Path) -> dict[str, Any]:
    try:
        # utf-8-sig: some editors put a byte order mark before the first character.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        sentence = f"{path.absolute()} cannot be read ({error.strerror}); it must be the bot's coupon.toml"
    except UnicodeDecodeError:
        sentence = f"{path.absolute()} is not in UTF-8; it must be saved as UTF-8"
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(?s)(.*) \(at (.*)\)", str(error))
        what, place = (found[1], found[2]) if found else (str(error), "in the file")
        sentence = f"{path}, {place}: this is not TOML: {what}"
    raise CouponTomlProblems([sentence])


# --- the form of the file


def _form(pattern: str, right: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(right)
        return text

    return AfterValidator(check)


def _typeable(alias: str) -> str:
    if re.search(r"\s", alias) or not alias or alias != fold_width(drop_invisible(alias)):
        raise ValueError("one word without spaces, full-width letters or invisible characters")
    return alias


_Channel = Annotated[str, _form("[CG][A-Z0-9]+", _CHANNEL)]
_People = list[
    Annotated[
        str,
        _form("[UWS][A-Z0-9]+", "the id of a user (U... or W...) or a user group (S...), not a name"),
    ]
]
_Fen = Annotated[int, Field(ge=1, le=_MOST)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Roles(_Table):
    agents: _People = []
    approvers: _People = []
    auditors: _People = []


class _Stock(_Table):
    stock_id: Annotated[str, _form("[0-9A-Za-z_-]{1,20}", _STOCK_ID)]
    # One word of a command: `/coupon send <openid> <stock>`.
    alias: Annotated[str, AfterValidator(_typeable)]
    name: Annotated[str, _form(r"(?=.*\S)[^\x00-\x1f\x7f\u2028\u2029]+", "some words on one line")]
    value_fen: _Fen
    code_mode: Annotated[CodeMode, Field(strict=False)]


class _Rule(_Table):
    max_value_fen: _Fen | None = None
    approvals: int = Field(ge=1, le=_MOST)
    approvers: _People = []


class _Limit(_Table):
    count: int = Field(ge=1, le=_MOST)
    days: int = Field(ge=1, le=_MOST_DAYS)
    when_reached: Annotated[WhenReached, Field(strict=False)] = WhenReached.REFUSE

    def meaning(self) -> Limit:
        return Limit(self.count, self.days, self.when_reached)


class _Limits(_Table):
    per_customer: _Limit | None = None
    per_agent: _Limit | None = None


class _Expiry(_Table):
    hours: float = Field(default=24, gt=0, le=_MOST_DAYS * 24, allow_inf_nan=False)


class _File(_Table):
    approval_channel: _Channel
    audit_channel: _Channel | None = None
    roles: _Roles = _Roles()
    stock: list[_Stock] = []
    # After `roles`, which its check looks at; validated also when there is none.
    rule: list[_Rule] = Field(default=[], validate_default=True)
    limits: _Limits = _Limits()
    expiry: _Expiry = _Expiry()

    @field_validator("stock")
    @classmethod
    def _check_stocks(cls, stocks: list[_Stock]) -> list[_Stock]:
        _raise(_stock_problems(stocks))
        return stocks

    @field_validator("rule")
    @classmethod
    def _check_rules(cls, rules: list[_Rule], info: ValidationInfo) -> list[_Rule]:
        problems = _order_problems(rules)
        if "roles" in info.data:
            problems += _approver_problems(rules, info.data["roles"].approvers)
        _raise(problems)
        return rules

    def meaning(self) -> CouponToml:
        limits = self.limits
        policy = Policy(
            agents=_distinct(self.roles.agents),
            approvers=_distinct(self.roles.approvers),
            auditors=_distinct(self.roles.auditors),
            rules=tuple(
                Rule(rule.max_value_fen, rule.approvals, _distinct(rule.approvers)) for rule in self.rule
            ),
            per_customer=limits.per_customer.meaning() if limits.per_customer else None,
            per_agent=limits.per_agent.meaning() if limits.per_agent else None,
            expiry_ms=math.ceil(self.expiry.hours * _HOUR_MS),
        )
        catalogue = Catalogue(
            Stock(stock.stock_id, stock.alias, stock.name, stock.value_fen, stock.code_mode)
            for stock in self.stock
        )
        return CouponToml(
            approval_channel=self.approval_channel,
            audit_channel=self.audit_channel,
            policy=policy,
            catalogue=catalogue,
        )


def _distinct(ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


# --- what belongs together


class _Several(ValueError):
    """Carries whole sentences through pydantic."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = problems


def _raise(problems: list[str]) -> None:
    if problems:
        raise _Several(problems)


def _stock_problems(stocks: Sequence[_Stock]) -> list[str]:
    """A word in a command must mean one stock only; letter case does not tell aliases apart."""
    problems = []
    numbered = list(enumerate(stocks, start=1))
    for (first, one), (second, other) in itertools.combinations(numbered, 2):
        if one.stock_id == other.stock_id:
            problems.append(
                f"[[stock]] {first} and [[stock]] {second} have the same stock_id {one.stock_id!r}; each "
                "must stand there once"
            )
        if one.alias.casefold() == other.alias.casefold():
            problems.append(
                f"[[stock]] {first} and [[stock]] {second} have the same alias {other.alias!r}; each must "
                "have its own, in more than letter case"
            )
    for (place, stock), (of, other) in itertools.permutations(numbered, 2):
        if stock.alias.casefold() == other.stock_id.casefold():
            problems.append(
                f"[[stock]] {place} alias reads {stock.alias!r}, which is the stock_id of [[stock]] {of}; "
                "it must be another word"
            )
    return problems


def _order_problems(rules: Sequence[_Rule]) -> list[str]:
    """The first rule that fits decides, so one that only fits what an earlier one fits is never asked."""
    problems = []
    widest: tuple[int, float] | None = None
    for place, rule in enumerate(rules, start=1):
        reach = math.inf if rule.max_value_fen is None else rule.max_value_fen
        if widest and reach <= widest[1]:
            problems.append(
                f"[[rule]] {place} is never reached, since [[rule]] {widest[0]} stands before it and fits "
                "all its values; it must stand before that one"
            )
        else:
            widest = (place, reach)
    return problems


def _approver_problems(rules: Sequence[_Rule], role: Sequence[str]) -> list[str]:
    problems = []
    for place, rule in enumerate(rules, start=1):
        people = set(rule.approvers or role)
        if not people:
            problems.append(
                f"[[rule]] {place} has no approvers, and [roles] approvers is empty; one of them must "
                "name a user or a user group"
            )
        # How many a group has is seen in Slack only.
        elif len(people) < rule.approvals and not any(person.startswith("S") for person in people):
            problems.append(
                f"[[rule]] {place} asks for {rule.approvals} approvals, but only {len(people)} could be "
                f"given ({', '.join(sorted(people))}); it must name more people or ask for fewer approvals"
            )
    if not role and all(rule.max_value_fen is not None for rule in rules):
        problems.append(
            "[roles] approvers is empty, so nobody could approve what no [[rule]] fits; it must name a "
            "user or a user group, or the last [[rule]] must be without max_value_fen and name approvers"
        )
    return problems


# --- sentences

_RIGHT: Final[Mapping[str, str]] = {
    "string_type": "text in quotation marks",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number with an end",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le:.0f} or less",
    "enum": "{expected}",
    "list_type": "a list in square brackets; tables in a list begin with double ones, like [[stock]]",
    "model_type": "a table",
}
#: What a required key is.
_WHAT: Final[Mapping[str, str]] = {
    "approval_channel": f"{_CHANNEL}, above the first [table]",
    "stock_id": _STOCK_ID,
    "alias": "the word people type for the stock",
    "name": "the stock's name as people know it",
    "value_fen": "what it is worth in fen, for example 1000 for ¥10",
    "code_mode": "the stock's coupon_code_mode, WECHATPAY_MODE, MERCHANT_API or MERCHANT_UPLOAD",
    "approvals": "how many people must approve, 1 or more",
    "count": "the most requests in the time, 1 or more",
    "days": "the time in days, 1 or more",
}


def _sentences(error: Mapping[str, Any]) -> Sequence[str]:
    """One of pydantic's errors in our words: place, what was read, what would be right."""
    context, where = error.get("ctx", {}), _place(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return [_unknown_key(error["loc"])]
        case "missing":
            return [f"{where} is missing; it must be {_WHAT[error['loc'][-1]]}"]
        case "value_error":
            ours = context["error"]
            if isinstance(ours, _Several):
                return ours.problems
            right = str(ours)
        case kind:
            right = _RIGHT[kind].format(**context)
    return [f"{where} reads {_shown(error['input'])}; it must be {right}"]


#: Every key, by its table.
_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "": tuple(_File.model_fields),
    "roles": tuple(_Roles.model_fields),
    "stock": tuple(_Stock.model_fields),
    "rule": tuple(_Rule.model_fields),
    "limits": tuple(_Limits.model_fields),
    "per_customer": tuple(_Limit.model_fields),
    "per_agent": tuple(_Limit.model_fields),
    "expiry": tuple(_Expiry.model_fields),
}


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    *outer, key = loc
    names = [str(part) for part in outer if isinstance(part, str)]
    known = _KEYS[names[-1] if names else ""]
    # A key of the table, to have the table itself written as one.
    where = f" in {_place((*outer, ''))}" if outer else ""
    # The frequent slip in TOML: after [roles] everything belongs to it.
    if key in _KEYS[""]:
        return f"unknown key {key!r}{where}; it must stand at the top, before the first [table]"
    nearest = difflib.get_close_matches(str(key), known, n=1, cutoff=0)[0]
    return f"unknown key {key!r}{where}; the nearest is {nearest!r}"


def _place(loc: tuple[int | str, ...]) -> str:
    """`[[stock]] 2 value_fen`: the second stock's value; `[roles] agents 1`: the first of the agents."""
    words = [str(part + 1) if isinstance(part, int) else part for part in loc]
    if len(loc) > 1:
        words[0] = f"[[{words[0]}]]" if isinstance(loc[1], int) else f"[{words[0]}]"
    return " ".join(words).strip()


def _shown(value: object) -> str:
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
