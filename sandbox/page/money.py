"""WeChat Pay's side: stocks with what is left of them, coupons really given, and the requests that came."""

from sandbox.slack.errors import JSON, CannotDoError
from sandbox.wechatpay.ledger import Coupon, CouponState, Received
from sandbox.wechatpay.signatures import Judgement
from sandbox.wechatpay.stand_in import WeChatPay
from sandbox.wechatpay.stocks import Stock

SHOWN = 100


def money(wechatpay: WeChatPay) -> JSON:
    """Newest first; times in seconds since 1970."""
    ledger = wechatpay.ledger
    given: dict[str, int] = {}
    for coupon in ledger.coupons:
        given[coupon.stock_id] = given.get(coupon.stock_id, 0) + 1
    stocks = [_stock(stock, given.get(stock.stock_id, 0)) for stock in wechatpay.stocks.values()]
    return {
        "stocks": stocks,
        "coupons": [_coupon(wechatpay, coupon) for coupon in reversed(ledger.coupons[-SHOWN:])],
        "requests": [_request(request) for request in reversed(ledger.requests[-SHOWN:])],
        "totals": {
            "coupons": len(ledger.coupons),
            "fen": sum(stock["given"] * stock["value_fen"] for stock in stocks),
            "requests": len(ledger.requests),
        },
    }


def use_coupon(wechatpay: WeChatPay, stock_id: str, coupon_code: str) -> None:
    """Raises CannotDoError unless it can be used now."""
    for coupon in wechatpay.ledger.coupons:
        if (coupon.stock_id, coupon.coupon_code) == (stock_id, coupon_code):
            if wechatpay.state_of(coupon) is CouponState.SENDED:
                wechatpay.mark(coupon, CouponState.USED)
                return
            raise CannotDoError(f"coupon {coupon_code} is {wechatpay.state_of(coupon)} already")
    raise CannotDoError(f"there is no coupon {coupon_code} of stock {stock_id}")


def _stock(stock: Stock, given: int) -> JSON:
    name = stock.terms["stock_name"] if stock.terms is not None else stock.name
    return {
        "stock_id": stock.stock_id,
        "name": name,
        "value_fen": stock.value_fen,
        "given": given,
        "max_coupons": stock.max_coupons,
        "budget_left_fen": (stock.max_coupons - given) * stock.value_fen,
        "state": stock.state.value,
    }


def _coupon(wechatpay: WeChatPay, coupon: Coupon) -> JSON:
    return {
        "coupon_code": coupon.coupon_code,
        "stock_id": coupon.stock_id,
        "openid": coupon.openid,
        "out_request_no": coupon.out_request_no,
        "state": wechatpay.state_of(coupon).value,
        "at": coupon.given_at_ms / 1000,
    }


def _request(request: Received) -> JSON:
    took = None if request.done_at_ms is None else request.done_at_ms - request.at_ms
    return {
        "at": request.at_ms / 1000,
        "method": request.method,
        "path": request.url,
        "status": request.status,
        "code": request.code,
        "signature": _signature(request.verdict),
        "request_id": request.request_id,
        "out_request_no": request.out_request_no,
        "took_ms": took,
        "fault": request.fault,
    }


def _signature(verdict: Judgement | None) -> str:
    if verdict is None:
        return "not looked at"
    return "good" if verdict is Judgement.OK else verdict.value.replace("_", " ")
