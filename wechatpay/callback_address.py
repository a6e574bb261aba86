"""Where WeChat Pay posts notifications about this merchant's stocks.

Needs the product "marketing event push" (营销事件推送), switched on in the console by the stocks' creator.
"""

from __future__ import annotations

from dataclasses import dataclass

from wechatpay.endpoints import Endpoint
from wechatpay.fields import MCHID, Form, callback_url, needed


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAddress:
    """The address now in force; `update_time` only when it was set just now."""

    notify_url: str
    mchid: str | None = None
    update_time: str | None = None


SET_CALLBACK = Endpoint(
    "POST",
    "/callbacks",
    Form({"mchid": needed(MCHID), "notify_url": needed(callback_url)}),
    CallbackAddress,
)


def compose_callback(*, mchid: str, notify_url: str) -> bytes:
    """`notify_url`: https, 10 to 256 characters, no query. Raises BadRequest."""
    return SET_CALLBACK.compose(mchid=mchid, notify_url=notify_url)
