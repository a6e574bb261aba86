"""What becomes of a coupon after it was given: used, returned, deactivated, tied to an order."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import bad_parameter, invalid_request, not_found, wrong_appid
from sandbox.wechatpay.ledger import Coupon, CouponState
from sandbox.wechatpay.members import APPID, COUPON_CODE, MCHID, OPENID, STOCK_ID, Shape, moment, number, text
from sandbox.wechatpay.request_numbers import RequestNumbers, Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.sending import Sending
from sandbox.wechatpay.stocks import CodeMode, Stocks

_OPENID_OF_ANOTHER_APPID = 270079501
_USE = Shape(
    {
        "coupon_code*": COUPON_CODE,
        "stock_id": STOCK_ID,
        "appid*": APPID,
        "use_time*": moment,
        "use_request_no*": number(32),
        "openid": OPENID,
        "out_trade_no": text(1, 128),
        "mch_id": MCHID,
        "transaction_id": text(1, 32),
    }
)
_RETURN = Shape({"coupon_code*": COUPON_CODE, "stock_id*": STOCK_ID, "return_request_no*": number()})
_DEACTIVATE = Shape(
    {
        "coupon_code*": COUPON_CODE,
        "stock_id*": STOCK_ID,
        "deactivate_request_no*": number(),
        "deactivate_reason": text(1, 64),
    }
)
_ORDER = Shape(
    {
        "stock_id*": STOCK_ID,
        "coupon_code*": COUPON_CODE,
        "out_trade_no*": text(1, 128),
        "out_request_no*": number(),
    }
)


@dataclass(slots=True)
class _Life:
    """`history`: the members the coupon shows on the wire because of what happened to it."""

    state: CouponState = CouponState.SENDED
    history: dict[str, str] = field(default_factory=dict)


class CouponLife:
    """Each call is answered with its first result when its number comes again with the same data."""

    def __init__(self, *, appid: str, stocks: Stocks, sending: Sending, numbers: RequestNumbers) -> None:
        self._appid = appid
        self._stocks = stocks
        self._sending = sending
        self._numbers = numbers
        self._lives: dict[Coupon, _Life] = {}
        #: A repeated deactivation is refused by the coupon's state, as another platform might do.
        self.repeats_refused = False

    def mark(self, coupon: Coupon, state: CouponState, now_ms: int) -> None:
        times = {CouponState.USED: "use_time", CouponState.DEACTIVATED: "deactivate_time"}
        history = {times[state]: rfc3339(now_ms)} if state in times else {}
        self._turn(coupon, state, **history)

    def state(self, coupon: Coupon, now_ms: int) -> CouponState:
        life = self._lives.get(coupon)
        state = life.state if life is not None else CouponState.SENDED
        over = now_ms > self._stocks.lifetime(self._stocks.by_id[coupon.stock_id], coupon.given_at_ms)[1]
        return CouponState.EXPIRED if over and state is CouponState.SENDED else state

    def history(self, coupon: Coupon) -> dict[str, str]:
        life = self._lives.get(coupon)
        return life.history if life is not None else {}

    def use(self, asked: Asked) -> Result:
        members = _USE.parse(asked.body)
        if members["appid"] != self._appid:
            raise wrong_appid()
        coupon = self._find(members)
        if members.get("openid", coupon.openid) != coupon.openid:
            raise invalid_request("openid与券的领取用户不一致", number=_OPENID_OF_ANOTHER_APPID)

        def act() -> Result:
            self._demand(coupon, CouponState.SENDED, asked.now_ms)
            if (
                asked.now_ms
                < self._stocks.lifetime(self._stocks.by_id[coupon.stock_id], coupon.given_at_ms)[0]
            ):
                raise invalid_request("券未到可用时间")
            self._turn(
                coupon,
                CouponState.USED,
                use_request_no=members["use_request_no"],
                use_time=rfc3339(asked.now_ms),
            )
            return {
                "stock_id": coupon.stock_id,
                "openid": coupon.openid,
                "wechatpay_use_time": rfc3339(asked.now_ms),
            }

        return self._numbers.once("use", members["use_request_no"], members, act)

    def give_back(self, asked: Asked) -> Result:
        """`POST /coupons/return`: a used coupon is usable again."""
        members = _RETURN.parse(asked.body)
        coupon = self._find(members)

        def act() -> Result:
            self._demand(coupon, CouponState.USED, asked.now_ms)
            self._turn(
                coupon,
                CouponState.SENDED,
                return_request_no=members["return_request_no"],
                return_time=rfc3339(asked.now_ms),
            )
            return {"wechatpay_return_time": rfc3339(asked.now_ms)}

        return self._numbers.once("return", members["return_request_no"], members, act)

    def deactivate(self, asked: Asked) -> Result:
        members = _DEACTIVATE.parse(asked.body)
        coupon = self._find(members)
        if self.repeats_refused:
            self._demand(coupon, CouponState.SENDED, asked.now_ms)

        def act() -> Result:
            self._demand(coupon, CouponState.SENDED, asked.now_ms)
            reason = members.get("deactivate_reason")
            self._turn(
                coupon,
                CouponState.DEACTIVATED,
                deactivate_request_no=members["deactivate_request_no"],
                deactivate_time=rfc3339(asked.now_ms),
                **({"deactivate_reason": reason} if reason is not None else {}),
            )
            return {"wechatpay_deactivate_time": rfc3339(asked.now_ms)}

        return self._numbers.once("deactivate", members["deactivate_request_no"], members, act)

    def associate(self, asked: Asked) -> Result:
        members = _ORDER.parse(asked.body)
        coupon = self._find(members)

        def act() -> Result:
            self._demand(coupon, CouponState.SENDED, asked.now_ms)
            order = members["out_trade_no"]
            history = self._life(coupon).history
            if history.get("associate_out_trade_no", order) != order:
                raise invalid_request("券已关联其他订单")
            history["associate_out_trade_no"] = order
            return {"wechatpay_associate_time": rfc3339(asked.now_ms)}

        return self._numbers.once("associate", members["out_request_no"], members, act)

    def disassociate(self, asked: Asked) -> Result:
        members = _ORDER.parse(asked.body)
        coupon = self._find(members)

        def act() -> Result:
            self._demand(coupon, CouponState.SENDED, asked.now_ms)
            history = self._life(coupon).history
            if history.get("associate_out_trade_no") != members["out_trade_no"]:
                raise invalid_request("券未关联该订单")
            del history["associate_out_trade_no"]
            return {"wechatpay_disassociate_time": rfc3339(asked.now_ms)}

        return self._numbers.once("disassociate", members["out_request_no"], members, act)

    def _find(self, members: dict[str, Any]) -> Coupon:
        code, stock_id = members["coupon_code"], members.get("stock_id")
        if stock_id is not None:
            found = (
                [self._sending.by_code[stock_id, code]] if (stock_id, code) in self._sending.by_code else []
            )
        else:
            found = [coupon for (_, other), coupon in self._sending.by_code.items() if other == code]
            modes = {self._stocks.by_id[coupon.stock_id].code_mode for coupon in found}
            if modes - {CodeMode.WECHATPAY_MODE}:
                raise bad_parameter("/stock_id", "missing, the code is not the platform's own")
        if not found:
            raise not_found("优惠券不存在")
        return found[0]

    def _demand(self, coupon: Coupon, wanted: CouponState, now_ms: int) -> None:
        state = self.state(coupon, now_ms)
        if state is not wanted:
            raise invalid_request(f"券状态为{state}, 不支持该操作")

    def _turn(self, coupon: Coupon, state: CouponState, **history: str) -> None:
        life = self._life(coupon)
        life.state = state
        life.history |= history

    def _life(self, coupon: Coupon) -> _Life:
        return self._lives.setdefault(coupon, _Life())
