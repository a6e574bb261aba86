"""Stocks: made, asked about, changed. There is no call that lists a merchant's stocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wechatpay.client import Client
from wechatpay.endpoints import Endpoint
from wechatpay.errors import Malformed
from wechatpay.forms import Form
from wechatpay.limits import (
    MCHID,
    REQUEST_NO,
    Fault,
    flag,
    inner,
    needed,
    one_of,
    optional,
    read_moment,
    text,
)
from wechatpay.reading import demand_done
from wechatpay.records import read
from wechatpay.stock_limits import (
    COUPONS,
    ENTRANCE,
    NOTIFY,
    PATCHED_ENTRANCE,
    PATCHED_PATTERN,
    PATCHED_SEND_RULE,
    PATCHED_USE_RULE,
    PATTERN,
    SEND_RULE,
    USE_RULE,
)
from wechatpay.stock_records import (
    CouponCodeMode,
    CouponUseRule,
    CustomEntrance,
    DisplayPatternInfo,
    NotifyConfig,
    Stock,
    StockSendRule,
    StockType,
    UseMethod,
)
from wechatpay.targets import target

_RULE_OF = {
    StockType.NORMAL: "fixed_normal_coupon",
    StockType.DISCOUNT: "discount_coupon",
    StockType.EXCHANGE: "exchange_coupon",
}
_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedStock:
    """A stock that was made; it may be under review before it is RUNNING."""

    stock_id: str
    create_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The limits now in force."""

    max_coupons: int | None = None
    max_coupons_by_day: int | None = None


def _fits(members: Mapping[str, Any]) -> Iterator[Fault]:
    """The rule of the type and no other; what MINI_PROGRAMS needs; a period of at most a year."""
    rule = members.get("coupon_use_rule")
    if not isinstance(rule, dict):
        return
    stock_type = members.get("stock_type")
    wanted = _RULE_OF[StockType(stock_type)] if stock_type in list(StockType) else None
    for name in _RULE_OF.values() if wanted else ():
        if name == wanted and name not in rule:
            yield f"coupon_use_rule.{name}", f"is missing; stock_type {stock_type} needs it"
        elif name != wanted and name in rule:
            yield f"coupon_use_rule.{name}", f"does not belong to stock_type {stock_type}"
    if rule.get("use_method") == UseMethod.MINI_PROGRAMS:
        for name in ("mini_programs_appid", "mini_programs_path"):
            if name not in rule:
                yield f"coupon_use_rule.{name}", "is missing; use_method MINI_PROGRAMS needs it"
    available = rule.get("coupon_available_time")
    if isinstance(available, dict):
        for name, fault in _times_fit(available):
            yield f"coupon_use_rule.coupon_available_time.{name}", fault


def _times_fit(available: Mapping[str, Any]) -> Iterator[Fault]:
    begin = read_moment(available.get("available_begin_time"))
    end = read_moment(available.get("available_end_time"))
    if begin and end and not timedelta(0) < end - begin <= _YEAR:
        yield "available_end_time", "must be after available_begin_time and at most a year later"
    week = available.get("available_week")
    # "When available_day_time is given, week_day is required", says the page of `POST /stocks`.
    if isinstance(week, dict) and "available_day_time" in week and "week_day" not in week:
        yield "available_week.week_day", "is missing; available_day_time needs it"
    if "wait_days_after_receive" in available and "available_day_after_receive" not in available:
        yield "wait_days_after_receive", "goes together with available_day_after_receive only"


def _one_pair(members: Mapping[str, Any]) -> Iterator[Fault]:
    pairs = (
        ("target_max_coupons", "current_max_coupons"),
        ("target_max_coupons_by_day", "current_max_coupons_by_day"),
    )
    given = [pair for pair in pairs if any(name in members for name in pair)]
    if len(given) != 1:
        yield "target_max_coupons", "or target_max_coupons_by_day must be there, and not both"
    for name in given[0] if len(given) == 1 else ():
        if name not in members:
            yield name, "is missing; target and current value go together"


def _only_true(name: str, value: object) -> Iterator[Fault]:
    if value is not True:
        yield name, "can only be changed to true"


_CREATE = Endpoint(
    "POST",
    "/stocks",
    Form(
        {
            "stock_name": needed(text(1, 21)),
            "belong_merchant": needed(MCHID),
            "comment": optional(text(1, 20)),
            "goods_name": needed(text(1, 15)),
            "stock_type": needed(one_of(StockType)),
            "coupon_use_rule": needed(inner(USE_RULE)),
            "stock_send_rule": needed(inner(SEND_RULE)),
            "out_request_no": needed(REQUEST_NO),
            "custom_entrance": optional(inner(ENTRANCE)),
            "display_pattern_info": optional(inner(PATTERN)),
            "coupon_code_mode": needed(one_of(CouponCodeMode)),
            "notify_config": optional(inner(NOTIFY)),
            "subsidy": optional(flag),
        },
        _fits,
    ),
    CreatedStock,
)
_PATCH = Form(
    {
        "out_request_no": needed(REQUEST_NO),
        "comment": optional(text(1, 20)),
        "goods_name": optional(text(1, 15)),
        "custom_entrance": optional(inner(PATCHED_ENTRANCE)),
        "display_pattern_info": optional(inner(PATCHED_PATTERN)),
        "coupon_use_rule": optional(inner(PATCHED_USE_RULE)),
        "stock_send_rule": optional(inner(PATCHED_SEND_RULE)),
        "notify_config": optional(inner(NOTIFY)),
        "subsidy": optional(_only_true),
    }
)
_BUDGET = Endpoint(
    "PATCH",
    "/stocks/{stock_id}/budget",
    Form(
        {
            "target_max_coupons": optional(COUPONS),
            "current_max_coupons": optional(COUPONS),
            "target_max_coupons_by_day": optional(COUPONS),
            "current_max_coupons_by_day": optional(COUPONS),
            "modify_budget_request_no": needed(REQUEST_NO),
        },
        _one_pair,
    ),
    Budget,
)


def compose_stock(
    *,
    stock_name: str,
    belong_merchant: str,
    goods_name: str,
    stock_type: StockType,
    coupon_use_rule: CouponUseRule,
    stock_send_rule: StockSendRule,
    out_request_no: str,
    coupon_code_mode: CouponCodeMode,
    comment: str | None = None,
    custom_entrance: CustomEntrance | None = None,
    display_pattern_info: DisplayPatternInfo | None = None,
    notify_config: NotifyConfig | None = None,
    subsidy: bool | None = None,
) -> bytes:
    """A new stock. `belong_merchant` owns it: direct merchants name themselves. Raises BadRequest."""
    return _CREATE.compose(
        stock_name=stock_name,
        belong_merchant=belong_merchant,
        comment=comment,
        goods_name=goods_name,
        stock_type=stock_type,
        coupon_use_rule=coupon_use_rule,
        stock_send_rule=stock_send_rule,
        out_request_no=out_request_no,
        custom_entrance=custom_entrance,
        display_pattern_info=display_pattern_info,
        coupon_code_mode=coupon_code_mode,
        notify_config=notify_config,
        subsidy=subsidy,
    )


def compose_patch(
    *,
    out_request_no: str,
    comment: str | None = None,
    goods_name: str | None = None,
    custom_entrance: CustomEntrance | None = None,
    display_pattern_info: DisplayPatternInfo | None = None,
    coupon_use_rule: CouponUseRule | None = None,
    stock_send_rule: StockSendRule | None = None,
    notify_config: NotifyConfig | None = None,
    subsidy: bool | None = None,
) -> bytes:
    """What changes. Fixed for ever: name, logo, `natural_person_limit`, times, amounts. Raises BadRequest."""
    return _PATCH.compose(
        out_request_no=out_request_no,
        comment=comment,
        goods_name=goods_name,
        custom_entrance=custom_entrance,
        display_pattern_info=display_pattern_info,
        coupon_use_rule=coupon_use_rule,
        stock_send_rule=stock_send_rule,
        notify_config=notify_config,
        subsidy=subsidy,
    )


def compose_budget(
    *,
    modify_budget_request_no: str,
    target_max_coupons: int | None = None,
    current_max_coupons: int | None = None,
    target_max_coupons_by_day: int | None = None,
    current_max_coupons_by_day: int | None = None,
) -> bytes:
    """One pair. The current value guards against two people who raise at once. Raises BadRequest."""
    return _BUDGET.compose(
        target_max_coupons=target_max_coupons,
        current_max_coupons=current_max_coupons,
        target_max_coupons_by_day=target_max_coupons_by_day,
        current_max_coupons_by_day=current_max_coupons_by_day,
        modify_budget_request_no=modify_budget_request_no,
    )


class Stocks:
    """One attempt each, with exactly the composed bytes.

    Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, body: bytes) -> CreatedStock:
        """Keep the bytes until the stock's id is known: no call lists stocks, only the repeat finds it."""
        return await _CREATE.call(self._client, body)

    async def get(self, stock_id: str) -> Stock:
        """What WeChat Pay says of a stock."""
        members = await self._client.get(target("/stocks/{stock_id}", {"stock_id": stock_id}))
        stock = read(Stock, members)
        if stock.stock_id != stock_id or not stock.stock_state:
            raise Malformed(f"the answer does not describe stock {stock_id}", verified=True)
        return stock

    async def patch(self, stock_id: str, body: bytes) -> None:
        """Change a stock before its period ends."""
        _PATCH.read(body)
        place = target("/stocks/{stock_id}", {"stock_id": stock_id})
        demand_done(await self._client.call("PATCH", place, body), hide="")

    async def budget(self, stock_id: str, body: bytes) -> Budget:
        """Raise or lower how many may be given."""
        return await _BUDGET.call(self._client, body, stock_id=stock_id)
