"""A stock of the catalogue, and what WeChat Pay says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.doctor.findings import Finding
from coupons.model import Stock as Listed
from coupons.money import yuan
from wechatpay import Stock
from wechatpay.fields import read_moment
from wechatpay.stock_records import StockState

_ENDS_SOON = timedelta(days=7)
#: Of the whole stock, in percent.
_NEARLY_GIVEN = 5


def stock_findings(check: str, listed: Listed, stock: Stock, *, appid: str, now_ms: int) -> Iterator[Finding]:
    """One for each thing that is wrong, or one that says how it stands."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    found = [
        *_as_listed(check, listed, stock),
        *_state(check, stock),
        *_period(check, stock, now),
        *_budget(check, stock),
        *_notifications(check, stock, appid),
    ]
    if not found:
        left = "?" if stock.remaining is None else str(stock.remaining)
        if stock.available_count is not None:
            left += f" and {stock.available_count} uploaded codes"
        end = stock.available_end_time or "?"
        found = [
            Finding.ok(
                check,
                f"{stock.stock_id} {stock.stock_state}, {stock.coupon_code_mode}, {left} left, until {end}",
            )
        ]
    yield from found


def _as_listed(check: str, listed: Listed, stock: Stock) -> Iterator[Finding]:
    if stock.coupon_code_mode != listed.code_mode:
        yield Finding.fail(
            check,
            f"code_mode is {listed.code_mode} in coupon.toml and {stock.coupon_code_mode} at WeChat Pay",
            f'set code_mode = "{stock.coupon_code_mode}" for {listed.alias} in coupon.toml',
        )
    rule = stock.coupon_use_rule.fixed_normal_coupon if stock.coupon_use_rule else None
    value = rule.discount_amount if rule else None
    # Approvals are asked for by this value, and people see it on the card.
    if value is not None and value != listed.value_fen:
        yield Finding.fail(
            check,
            f"worth {yuan(listed.value_fen)} in coupon.toml and {yuan(value)} at WeChat Pay",
            f"set value_fen = {value} for {listed.alias} in coupon.toml",
        )


def _state(check: str, stock: Stock) -> Iterator[Finding]:
    if stock.stock_state != StockState.RUNNING:
        yield Finding.fail(
            check,
            f"is {stock.stock_state}, and only RUNNING stocks are given",
            "start it in the merchant console, or take it out of coupon.toml",
        )


def _period(check: str, stock: Stock, now: datetime) -> Iterator[Finding]:
    begin, end = read_moment(stock.available_begin_time), read_moment(stock.available_end_time)
    if begin is not None and now < begin:
        yield Finding.fail(
            check, f"begins at {stock.available_begin_time} only", "wait, or name another stock"
        )
    if end is not None and end < now:
        yield Finding.fail(
            check, f"ended at {stock.available_end_time}", "make a new stock and name it instead"
        )
    elif end is not None and end - now < _ENDS_SOON:
        yield Finding.warn(check, f"ends at {stock.available_end_time}", "have its successor made now")


def _budget(check: str, stock: Stock) -> Iterator[Finding]:
    left, most = stock.remaining, stock.max_coupons
    if left is not None and most is not None:
        if left <= 0:
            yield Finding.fail(check, f"all {most} coupons are given", "raise the stock's budget")
        elif left * 100 < most * _NEARLY_GIVEN:
            yield Finding.warn(check, f"{left} of {most} coupons are left", "raise the stock's budget")
    if stock.available_count == 0:
        yield Finding.fail(check, "no uploaded code is left", "upload more codes")
    today, by_day = stock.today_send_num, stock.max_coupons_by_day
    if today is not None and by_day is not None and today >= by_day:
        yield Finding.warn(
            check, f"all {by_day} coupons of today are given", "wait for tomorrow, or raise the daily maximum"
        )


def _notifications(check: str, stock: Stock, appid: str) -> Iterator[Finding]:
    named = stock.notify_config.notify_appid if stock.notify_config else None
    if named and named != appid:
        yield Finding.warn(
            check,
            f"its notifications name openids of {named}, and WECHATPAY_APPID is {appid}",
            "give the stock this notify_appid, or correct WECHATPAY_APPID",
        )
