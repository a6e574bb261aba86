"""All that the merchant has at the platform, and which part of it answers which endpoint."""

from collections.abc import Callable

from sandbox.wechatpay.callbacks import Callbacks
from sandbox.wechatpay.coupon_life import CouponLife
from sandbox.wechatpay.ledger import Endpoint, Ledger
from sandbox.wechatpay.looking_up import Lookups
from sandbox.wechatpay.request_numbers import RequestNumbers, Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.sending import Sending
from sandbox.wechatpay.stock_making import StockMaking
from sandbox.wechatpay.stocks import Stocks
from sandbox.wechatpay.uploaded_codes import CodeUploading, UploadedCodes

Handler = Callable[[Asked], Result]


class Business:
    """`endpoints` lacks the sends and the certificates: those depend on more than the merchant's affairs."""

    def __init__(
        self, *, mchid: str, appid: str, opened_ms: int, ledger: Ledger, visible_after_ms: Callable[[], int]
    ) -> None:
        numbers = RequestNumbers()
        self.stocks = Stocks(mchid=mchid, opened_ms=opened_ms)
        self.codes = UploadedCodes()
        self.sending = Sending(appid=appid, stocks=self.stocks, ledger=ledger, codes=self.codes)
        self.life = CouponLife(appid=appid, stocks=self.stocks, sending=self.sending, numbers=numbers)
        self.callbacks = Callbacks(mchid)
        self._lookups = Lookups(
            appid=appid,
            stocks=self.stocks,
            sending=self.sending,
            life=self.life,
            visible_after_ms=visible_after_ms,
        )
        making = StockMaking(appid=appid, stocks=self.stocks, sending=self.sending, numbers=numbers)
        self._uploading = CodeUploading(appid=appid, stocks=self.stocks, codes=self.codes, numbers=numbers)
        self.endpoints: dict[Endpoint, Handler] = {
            Endpoint.COUPONS: self._lookups.coupons,
            Endpoint.COUPON: self._lookups.coupon,
            Endpoint.USE: self.life.use,
            Endpoint.RETURN: self.life.give_back,
            Endpoint.DEACTIVATE: self.life.deactivate,
            Endpoint.ASSOCIATE: self.life.associate,
            Endpoint.DISASSOCIATE: self.life.disassociate,
            Endpoint.MAKE_STOCK: making.make,
            Endpoint.STOCK: making.read,
            Endpoint.PATCH_STOCK: making.patch,
            Endpoint.BUDGET: making.budget,
            Endpoint.UPLOAD_CODES: self._uploading.upload,
            Endpoint.CODE: self._code,
            Endpoint.SET_CALLBACK: self.callbacks.set,
            Endpoint.CALLBACK: self.callbacks.read,
        }

    def _code(self, asked: Asked) -> Result:
        """The coupon comes with its code once the code was given to somebody."""
        code, answer = self._uploading.code(asked)
        if code.coupon is not None:
            answer["coupon_information"] = self._lookups.wire(code.coupon, asked.now_ms, in_list=False)
        return answer
