"""Published limits of a stock's inner objects. Source: `POST /stocks` and `PATCH /stocks/{stock_id}`."""

from __future__ import annotations

from collections.abc import Iterator

from wechatpay.limits import (
    APPID,
    URL,
    Fault,
    Members,
    flag,
    inner,
    listed,
    moment,
    needed,
    one_of,
    optional,
    text,
    whole,
)
from wechatpay.stock_records import BackgroundColor, CodeDisplayMode, UseMethod


def _not_open(name: str, _value: object) -> Iterator[Fault]:
    yield name, "is not open to merchants"


_FEN = whole(1, 10_000_000)
COUPONS = whole(1, 1_000_000_000)
_SECOND = whole(0, 86_399)
_PATH = text(1, 128)

_DAY_TIME: Members = {"begin_time": optional(_SECOND), "end_time": optional(_SECOND)}
_WEEK: Members = {
    "week_day": optional(listed(whole(0, 6), 1, 7)),
    "available_day_time": optional(listed(inner(_DAY_TIME), 1, 2)),
}
_PERIOD: Members = {"begin_time": needed(moment), "end_time": needed(moment)}
_AVAILABLE: Members = {
    "available_begin_time": needed(moment),
    "available_end_time": needed(moment),
    "available_day_after_receive": optional(whole(1, 365)),
    "wait_days_after_receive": optional(whole(1, 30)),
    "available_week": optional(inner(_WEEK)),
    "irregulary_avaliable_time": optional(listed(inner(_PERIOD), 1, 100)),
    "available_second_after_receive": optional(whole(1, 365 * 86_400)),
}
PATCHED_USE_RULE: Members = {
    "use_method": optional(one_of(UseMethod)),
    "mini_programs_appid": optional(APPID),
    "mini_programs_path": optional(_PATH),
}
USE_RULE: Members = {
    "coupon_available_time": needed(inner(_AVAILABLE)),
    "fixed_normal_coupon": optional(
        inner({"discount_amount": needed(_FEN), "transaction_minimum": needed(_FEN)})
    ),
    "discount_coupon": optional(
        inner({"discount_percent": needed(whole(1, 100)), "transaction_minimum": needed(_FEN)})
    ),
    "exchange_coupon": optional(
        inner({"exchange_price": needed(whole(0, 10_000_000)), "transaction_minimum": needed(_FEN)})
    ),
    **PATCHED_USE_RULE,
    "use_method": needed(one_of(UseMethod)),
}
SEND_RULE: Members = {
    "max_coupons": needed(COUPONS),
    "max_coupons_per_user": needed(whole(1, 100)),
    "max_coupons_by_day": optional(COUPONS),
    "natural_person_limit": optional(flag),
    "prevent_api_abuse": optional(flag),
    "transferable": optional(flag),
    "shareable": optional(flag),
    "max_amount": optional(_not_open),
    "max_amount_by_day": optional(_not_open),
}
PATCHED_SEND_RULE: Members = {"prevent_api_abuse": optional(flag)}
_MINI_PROGRAMS: Members = {
    "mini_programs_appid": needed(APPID),
    "mini_programs_path": needed(_PATH),
    "entrance_words": needed(text(1, 5)),
    "guiding_words": optional(text(1, 6)),
}
PATCHED_ENTRANCE: Members = {
    "mini_programs_info": optional(inner(_MINI_PROGRAMS)),
    "appid": optional(APPID),
    "hall_id": optional(text(1, 64)),
    "code_display_mode": optional(one_of(CodeDisplayMode)),
}
ENTRANCE: Members = {**PATCHED_ENTRANCE, "store_id": optional(text(1, 64))}
_FINDER: Members = {
    "finder_id": needed(text(1, 64)),
    "finder_video_id": needed(text(1, 128)),
    "finder_video_cover_image_url": needed(URL),
}
PATCHED_PATTERN: Members = {
    "description": optional(text(1, 1000)),
    "background_color": optional(one_of(BackgroundColor)),
    "coupon_image_url": optional(URL),
    "finder_info": optional(inner(_FINDER)),
}
PATTERN: Members = {
    **PATCHED_PATTERN,
    "merchant_logo_url": optional(URL),
    "merchant_name": optional(text(1, 12)),
}
NOTIFY: Members = {"notify_appid": optional(APPID)}
