"""The bodies of `POST /stocks`, `PATCH /stocks/{stock_id}` and `PATCH /stocks/{stock_id}/budget`."""

from typing import Any

from sandbox.wechatpay.errors import bad_parameter
from sandbox.wechatpay.keyring import DAY_MS
from sandbox.wechatpay.members import (
    APPID,
    MCHID,
    Rule,
    Shape,
    flag,
    listed,
    moment,
    never,
    number,
    one_of,
    text,
    time_ms,
    whole,
)
from sandbox.wechatpay.stocks import CodeMode

_FEN = whole(1, 10_000_000)
_COUPONS = whole(1, 1_000_000_000)
_SECOND_OF_DAY = whole(0, 86_399)
_URL = text(1, 256)
_YEAR_MS = 366 * DAY_MS
_NOT_OPEN = never("not open")
# The rule that belongs to each type of stock: exactly this one may be there.
_RULE_OF = {
    "NORMAL": "fixed_normal_coupon",
    "DISCOUNT": "discount_coupon",
    "EXCHANGE": "exchange_coupon",
}
_USE_METHOD = one_of(("OFF_LINE", "MINI_PROGRAMS", "SELF_CONSUME", "PAYMENT_CODE"))

_AVAILABLE_TIME = Shape(
    {
        "available_begin_time*": moment,
        "available_end_time*": moment,
        "available_day_after_receive": whole(1, 365),
        "wait_days_after_receive": whole(1, 30),
        "available_week": Shape(
            {
                "week_day": listed(whole(0, 6), 1, 7),
                "available_day_time": listed(
                    Shape({"begin_time": _SECOND_OF_DAY, "end_time": _SECOND_OF_DAY}), 1, 2
                ),
            }
        ),
        "irregulary_avaliable_time": listed(Shape({"begin_time": moment, "end_time": moment}), 1, 100),
        "available_second_after_receive": whole(1, 365 * 86_400),
    }
)
_USE_RULE = Shape(
    {
        "coupon_available_time*": _AVAILABLE_TIME,
        "fixed_normal_coupon": Shape({"discount_amount*": _FEN, "transaction_minimum*": _FEN}),
        "discount_coupon": Shape({"discount_percent*": whole(1, 100), "transaction_minimum*": _FEN}),
        "exchange_coupon": Shape({"exchange_price*": whole(0, 10_000_000), "transaction_minimum*": _FEN}),
        "use_method*": _USE_METHOD,
        "mini_programs_appid": APPID,
        "mini_programs_path": text(1, 128),
    }
)
_SEND_RULE = Shape(
    {
        "max_coupons*": _COUPONS,
        "max_coupons_per_user*": whole(1, 100),
        "max_coupons_by_day": _COUPONS,
        "natural_person_limit": flag,
        "prevent_api_abuse": flag,
        "transferable": flag,
        "shareable": flag,
        "max_amount": _NOT_OPEN,
        "max_amount_by_day": _NOT_OPEN,
    }
)


def _entrance(star: str) -> Shape:
    return Shape(
        {
            "mini_programs_info": Shape(
                {
                    f"mini_programs_appid{star}": APPID,
                    f"mini_programs_path{star}": text(1, 128),
                    f"entrance_words{star}": text(1, 5),
                    "guiding_words": text(1, 6),
                }
            ),
            "appid": APPID,
            "hall_id": text(1, 64),
            "store_id": text(1, 64),
            "code_display_mode": one_of(("NOT_SHOW", "BARCODE", "QRCODE")),
        }
    )


_PATTERN: dict[str, Rule] = {
    "description": text(1, 1000),
    "merchant_logo_url": _URL,
    "merchant_name": text(1, 12),
    "background_color": one_of(tuple(f"Color{tens:03}" for tens in range(10, 101, 10))),
    "coupon_image_url": _URL,
    "finder_info": Shape(
        {
            "finder_id*": text(1, 64),
            "finder_video_id*": text(1, 128),
            "finder_video_cover_image_url*": _URL,
        }
    ),
}
_NOTIFY = Shape({"notify_appid": APPID})

_MADE = Shape(
    {
        "stock_name*": text(1, 21),
        "belong_merchant*": MCHID,
        "comment": text(1, 20),
        "goods_name*": text(1, 15),
        "stock_type*": one_of(tuple(_RULE_OF)),
        "coupon_use_rule*": _USE_RULE,
        "stock_send_rule*": _SEND_RULE,
        "out_request_no*": number(),
        "custom_entrance": _entrance("*"),
        "display_pattern_info": Shape(_PATTERN),
        "coupon_code_mode*": one_of(CodeMode),
        "notify_config": _NOTIFY,
        "subsidy": flag,
    }
)
_FIXED = never("cannot be changed")
_PATCHED = Shape(
    {
        "out_request_no*": number(),
        "stock_name": _FIXED,
        "comment": text(1, 20),
        "goods_name": text(1, 15),
        "custom_entrance": _entrance(""),
        "display_pattern_info": Shape({**_PATTERN, "merchant_logo_url": _FIXED, "merchant_name": _FIXED}),
        "coupon_use_rule": Shape(
            {"use_method": _USE_METHOD, "mini_programs_appid": APPID, "mini_programs_path": text(1, 128)}
        ),
        "stock_send_rule": Shape({"prevent_api_abuse": flag, "natural_person_limit": _FIXED}),
        "notify_config": _NOTIFY,
        "subsidy": flag,
    }
)
_BUDGET = Shape(
    {
        "target_max_coupons": _COUPONS,
        "current_max_coupons": _COUPONS,
        "target_max_coupons_by_day": _COUPONS,
        "current_max_coupons_by_day": _COUPONS,
        "modify_budget_request_no*": number(),
    }
)


def read_new_stock(body: bytes) -> dict[str, Any]:
    """Raises RefusedError: PARAM_ERROR, also for members that are each right but do not fit together."""
    members = _MADE.parse(body)
    rule = members["coupon_use_rule"]
    wanted = _RULE_OF[members["stock_type"]]
    for name in _RULE_OF.values():
        if (name in rule) != (name == wanted):
            raise bad_parameter(f"/coupon_use_rule/{name}", f"{members['stock_type']} has {wanted} alone")
    if rule["use_method"] == "MINI_PROGRAMS":
        for name in ("mini_programs_appid", "mini_programs_path"):
            if name not in rule:
                raise bad_parameter(f"/coupon_use_rule/{name}", "missing, use_method is MINI_PROGRAMS")
    available = rule["coupon_available_time"]
    at = "/coupon_use_rule/coupon_available_time"
    length_ms = time_ms(available["available_end_time"]) - time_ms(available["available_begin_time"])
    if not 0 < length_ms <= _YEAR_MS:
        raise bad_parameter(f"{at}/available_end_time", "after the begin and at most a year later expected")
    if "wait_days_after_receive" in available and "available_day_after_receive" not in available:
        raise bad_parameter(f"{at}/wait_days_after_receive", "only together with available_day_after_receive")
    week = available.get("available_week", {})
    if "available_day_time" in week and "week_day" not in week:
        raise bad_parameter(f"{at}/available_week/week_day", "missing, available_day_time is there")
    return members


def read_patch(body: bytes) -> dict[str, Any]:
    """Raises RefusedError: PARAM_ERROR."""
    return _PATCHED.parse(body)


def read_budget(body: bytes) -> tuple[str, str, int, int]:
    """Request number, the limit meant (as `stock_send_rule` calls it), its value wanted and its value now.
    Raises RefusedError: PARAM_ERROR for anything but exactly one pair."""
    members = _BUDGET.parse(body)
    given = [name for name in ("max_coupons", "max_coupons_by_day") if f"target_{name}" in members]
    if len(given) != 1:
        raise bad_parameter("/target_max_coupons", "one of target_max_coupons and its by_day form expected")
    [limit] = given
    for name in ("max_coupons", "max_coupons_by_day"):
        if (f"current_{name}" in members) != (name == limit):
            raise bad_parameter(f"/current_{name}", f"the value that goes with target_{limit} expected")
    return (
        members["modify_budget_request_no"],
        limit,
        members[f"target_{limit}"],
        members[f"current_{limit}"],
    )
