"""Bodies that more than one test file asks the stand-in with."""

from __future__ import annotations

from real_wire import REFUND, TRANSACTION, USUAL, Wire

from wechatpay import subsidy
from wechatpay.stock_records import (
    AvailableWeek,
    CouponAvailableTime,
    CouponCodeMode,
    CouponUseRule,
    DayTime,
    DiscountCoupon,
    DisplayPatternInfo,
    NotifyConfig,
    StockSendRule,
    StockType,
    UseMethod,
)
from wechatpay.stocks import compose_stock

TIME = "2026-11-23T08:00:13+08:00"


def new_stock(here: Wire, *, belong_merchant: str | None = None) -> bytes:
    return compose_stock(
        stock_name="迟到补偿九折券",
        belong_merchant=belong_merchant or here.mchid,
        comment="售后",
        goods_name="全场商品",
        stock_type=StockType.DISCOUNT,
        coupon_use_rule=CouponUseRule(
            coupon_available_time=CouponAvailableTime(
                available_begin_time="2020-01-01T00:00:00+08:00",
                available_end_time="2020-12-31T23:59:59+08:00",
                available_week=AvailableWeek(
                    week_day=(1, 2), available_day_time=(DayTime(begin_time=0, end_time=60),)
                ),
            ),
            discount_coupon=DiscountCoupon(discount_percent=90, transaction_minimum=100),
            use_method=UseMethod.SELF_CONSUME,
        ),
        stock_send_rule=StockSendRule(max_coupons=100, max_coupons_per_user=5, max_coupons_by_day=10),
        display_pattern_info=DisplayPatternInfo(description="一行\n二行", background_color="Color020"),
        notify_config=NotifyConfig(notify_appid=here.appid),
        out_request_no="STOCK-1",
        coupon_code_mode=CouponCodeMode.WECHATPAY_MODE,
        subsidy=False,
    )


def pay_body(here: Wire, code: str) -> bytes:
    return subsidy.compose_pay(
        stock_id=USUAL,
        coupon_code=code,
        transaction_id=TRANSACTION,
        payer_merchant=here.mchid,
        payee_merchant=here.mchid,
        amount=500,
        description="迟到补差",
        out_subsidy_no="SUB-1",
    )


def return_body(here: Wire, code: str) -> bytes:
    return subsidy.compose_return(
        stock_id=USUAL,
        coupon_code=code,
        transaction_id=TRANSACTION,
        refund_id=REFUND,
        payer_merchant=here.mchid,
        payee_merchant=here.mchid,
        amount=200,
        description="退款",
        out_subsidy_return_no="BACK-1",
    )
