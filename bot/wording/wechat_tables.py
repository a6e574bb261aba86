"""WeChat Pay's records as short tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from coupons.money import yuan
from wechatpay import Coupon, Stock
from wechatpay.keyring import PlatformKey


def stock_table(stock: Stock) -> str:
    """One line for each thing that a send depends on."""
    counts, rule = stock.send_count_information, stock.stock_send_rule
    amount = counts.total_send_amount if counts is not None else None
    given = _number(stock.total_send_num) + (f", {yuan(amount)}" if amount is not None else "")
    budget = f"{_number(stock.max_coupons)} coupons"
    if rule is not None and rule.max_amount is not None:
        budget += f", {yuan(rule.max_amount)}"
    rows = [
        ("stock", f"{stock.stock_id}  {stock.stock_name}"),
        ("state", stock.stock_state),
        ("code mode", stock.coupon_code_mode),
        ("type", stock.stock_type),
        ("value", value_of(stock)),
        ("period", f"{stock.available_begin_time or '?'} to {stock.available_end_time or '?'}"),
        ("budget", budget),
        ("given", given),
        ("remaining", _number(stock.remaining)),
        ("per customer", _number(stock.max_coupons_per_user)),
        ("merchant", stock.belong_merchant),
    ]
    if stock.max_coupons_by_day is not None:
        rows.append(("today", f"{_number(stock.today_send_num)} of {stock.max_coupons_by_day}"))
    if stock.coupon_code_count is not None:
        rows.append(("codes left", _number(stock.available_count)))
    if stock.notify_config is not None and stock.notify_config.notify_appid:
        rows.append(("notify AppID", stock.notify_config.notify_appid))
    return _pairs(rows)


def value_of(stock: Stock) -> str:
    """What the coupon is good for."""
    rule = stock.coupon_use_rule
    if rule is None:
        return "?"
    if rule.fixed_normal_coupon is not None:
        off, least = rule.fixed_normal_coupon.discount_amount, rule.fixed_normal_coupon.transaction_minimum
        return f"{_fen(off)} off from {_fen(least)}"
    if rule.discount_coupon is not None:
        percent, least = rule.discount_coupon.discount_percent, rule.discount_coupon.transaction_minimum
        return f"{_number(percent)} % of the price remain to be paid, from {_fen(least)}"
    if rule.exchange_coupon is not None:
        return f"one thing at {_fen(rule.exchange_coupon.exchange_price)}"
    return "?"


def coupons_table(coupons: Sequence[Coupon]) -> str:
    """One line for each, without the openid."""
    if not coupons:
        return "no coupons"
    head = ("code", "state", "stock", "received", "expires", "out_request_no")
    return _columns(
        [
            head,
            *(
                (
                    coupon.coupon_code,
                    coupon.coupon_state,
                    coupon.stock_id,
                    coupon.receive_time,
                    coupon.expire_time,
                    coupon.send_request_no,
                )
                for coupon in coupons
            ),
        ]
    )


def coupon_table(coupon: Coupon) -> str:
    """What became of it."""
    rows = [
        ("code", coupon.coupon_code),
        ("state", coupon.coupon_state),
        ("stock", f"{coupon.stock_id}  {coupon.stock_name}"),
        ("out_request_no", coupon.send_request_no),
        ("received", coupon.receive_time),
        ("usable from", coupon.available_start_time),
        ("expires", coupon.expire_time),
        ("used", coupon.use_time),
        ("returned", coupon.return_time),
        ("deactivated", coupon.deactivate_time),
        ("reason", coupon.deactivate_reason),
    ]
    return _pairs([(name, value) for name, value in rows if value])


def keys_table(keys: Iterable[PlatformKey], note: str) -> str:
    """Serial numbers and validity."""
    rows = [("serial number", "kind", "valid")]
    for key in keys:
        if key.ends is None:
            rows.append((key.serial_no, "public key", "without an end"))
        else:
            valid = f"{day(key.begins or 0)} to {day(key.ends)}"
            rows.append((key.serial_no, "platform certificate", valid))
    table = _columns(rows)
    return f"{table}\n{note}" if note else table


def day(seconds: int) -> str:
    """Unix seconds as a date (UTC)."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def printable(text: str) -> str:
    """Names at WeChat Pay are anybody's words: nothing in them may steer a terminal or fake a line."""
    return "".join(
        letter if letter == "\n" or letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text
    )


def _pairs(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {_one_line(value)}" for name, value in rows)


def _columns(rows: Sequence[Sequence[str]]) -> str:
    clean = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*clean, strict=True)]
    padded = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in clean)
    return "\n".join(line.rstrip() for line in padded)


def _one_line(cell: str) -> str:
    return cell.replace("\n", "\\n")


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _fen(value: int | None) -> str:
    return "?" if value is None else yuan(value)
