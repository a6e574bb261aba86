"""A stock as WeChat Pay describes it, with the wire's names.

What was not said is None; money is in fen, times are RFC 3339. Words that are not known here stay text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CouponCodeMode(StrEnum):
    """Who makes the codes of a stock's coupons."""

    WECHATPAY_MODE = "WECHATPAY_MODE"
    #: The merchant names the code in each send.
    MERCHANT_API = "MERCHANT_API"
    #: The merchant uploads codes beforehand; WeChat Pay picks one.
    MERCHANT_UPLOAD = "MERCHANT_UPLOAD"


class StockType(StrEnum):
    """What a coupon is good for."""

    #: An amount off.
    NORMAL = "NORMAL"
    DISCOUNT = "DISCOUNT"
    #: One thing at a fixed price.
    EXCHANGE = "EXCHANGE"


class StockState(StrEnum):
    """Only RUNNING stocks can be sent."""

    #: Under review.
    UNAUDIT = "UNAUDIT"
    RUNNING = "RUNNING"
    #: Spelt so.
    STOPED = "STOPED"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTime:
    """Seconds of the day."""

    begin_time: int | None = None
    end_time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableWeek:
    """Days of the week (0 is Sunday), and up to two spans of those days."""

    week_day: tuple[int, ...] | None = None
    available_day_time: tuple[DayTime, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From, to."""

    begin_time: str | None = None
    end_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponAvailableTime:
    """When coupons can be used."""

    available_begin_time: str | None = None
    available_end_time: str | None = None
    available_day_after_receive: int | None = None
    #: Only together with the former.
    wait_days_after_receive: int | None = None
    available_week: AvailableWeek | None = None
    #: Spelt so.
    irregulary_avaliable_time: tuple[Period, ...] | None = None
    available_second_after_receive: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedNormalCoupon:
    """An amount off; both in fen."""

    discount_amount: int | None = None
    transaction_minimum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountCoupon:
    """A percentage off."""

    #: What remains to be paid: 88 takes 12 % off.
    discount_percent: int | None = None
    transaction_minimum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCoupon:
    """One thing at this price; both in fen."""

    exchange_price: int | None = None
    transaction_minimum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUseRule:
    """When, for what and where coupons are used: exactly the rule of the stock's type is there."""

    coupon_available_time: CouponAvailableTime | None = None
    fixed_normal_coupon: FixedNormalCoupon | None = None
    discount_coupon: DiscountCoupon | None = None
    exchange_coupon: ExchangeCoupon | None = None
    use_method: str | None = None
    mini_programs_appid: str | None = None
    mini_programs_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSendRule:
    """How many may be given."""

    max_coupons: int | None = None
    max_coupons_per_user: int | None = None
    max_coupons_by_day: int | None = None
    #: All accounts under one identity document share the limit per user.
    natural_person_limit: bool | None = None
    prevent_api_abuse: bool | None = None
    transferable: bool | None = None
    shareable: bool | None = None
    #: The last two are read only: not open to merchants.
    max_amount: int | None = None
    max_amount_by_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramsInfo:
    """A way from the coupon into a mini program."""

    mini_programs_appid: str | None = None
    mini_programs_path: str | None = None
    entrance_words: str | None = None
    guiding_words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomEntrance:
    """Ways from the coupon to the merchant."""

    mini_programs_info: MiniProgramsInfo | None = None
    appid: str | None = None
    hall_id: str | None = None
    store_id: str | None = None
    code_display_mode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinderInfo:
    """A video of the merchant's channel."""

    finder_id: str | None = None
    finder_video_id: str | None = None
    finder_video_cover_image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayPatternInfo:
    """How the coupon looks. Texts are a merchant's: escape them before showing them."""

    description: str | None = None
    merchant_logo_url: str | None = None
    merchant_name: str | None = None
    background_color: str | None = None
    coupon_image_url: str | None = None
    finder_info: FinderInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyConfig:
    """Without `notify_appid` notifications of this stock carry no openid."""

    notify_appid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponCodeCount:
    """Uploaded codes, in MERCHANT_UPLOAD mode only."""

    total_count: int | None = None
    available_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCountInformation:
    """What was given. Amounts (fen) for NORMAL stocks only; today's only where a daily maximum is set."""

    total_send_num: int | None = None
    total_send_amount: int | None = None
    today_send_num: int | None = None
    today_send_amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A batch of coupons with one set of rules."""

    stock_id: str
    stock_name: str
    stock_state: StockState | str
    coupon_code_mode: CouponCodeMode | str
    stock_type: StockType | str
    belong_merchant: str
    comment: str | None = None
    goods_name: str | None = None
    coupon_use_rule: CouponUseRule | None = None
    stock_send_rule: StockSendRule | None = None
    custom_entrance: CustomEntrance | None = None
    display_pattern_info: DisplayPatternInfo | None = None
    notify_config: NotifyConfig | None = None
    coupon_code_count: CouponCodeCount | None = None
    send_count_information: SendCountInformation | None = None
    subsidy: bool | None = None

    @property
    def available_begin_time(self) -> str:
        """RFC 3339; "" when WeChat Pay does not say."""
        return self._available.available_begin_time or ""

    @property
    def available_end_time(self) -> str:
        """RFC 3339; "" when WeChat Pay does not say."""
        return self._available.available_end_time or ""

    @property
    def max_coupons(self) -> int | None:
        """Of the whole stock."""
        return self.stock_send_rule.max_coupons if self.stock_send_rule else None

    @property
    def max_coupons_by_day(self) -> int | None:
        """None: no daily maximum."""
        return self.stock_send_rule.max_coupons_by_day if self.stock_send_rule else None

    @property
    def max_coupons_per_user(self) -> int | None:
        """1 to 100."""
        return self.stock_send_rule.max_coupons_per_user if self.stock_send_rule else None

    @property
    def total_send_num(self) -> int | None:
        """Coupons given so far."""
        return self.send_count_information.total_send_num if self.send_count_information else None

    @property
    def today_send_num(self) -> int | None:
        """Coupons given today, where there is a daily maximum."""
        return self.send_count_information.today_send_num if self.send_count_information else None

    @property
    def available_count(self) -> int | None:
        """Codes left, in MERCHANT_UPLOAD mode only."""
        return self.coupon_code_count.available_count if self.coupon_code_count else None

    @property
    def remaining(self) -> int | None:
        """Coupons left of the whole stock; None when WeChat Pay does not say."""
        if self.max_coupons is None or self.total_send_num is None:
            return None
        return self.max_coupons - self.total_send_num

    @property
    def _available(self) -> CouponAvailableTime:
        rule = self.coupon_use_rule or CouponUseRule()
        return rule.coupon_available_time or CouponAvailableTime()
