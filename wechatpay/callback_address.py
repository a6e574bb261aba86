"""Where WeChat Pay posts notifications about this merchant's stocks.

Needs the product "marketing event push" (营销事件推送), switched on in the console by the stocks' creator.
"""

from __future__ import annotations

from dataclasses import dataclass

from wechatpay.client import Client
from wechatpay.endpoints import Endpoint
from wechatpay.forms import Form
from wechatpay.limits import MCHID, callback_url, needed
from wechatpay.records import promised
from wechatpay.targets import target


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSetting:
    """The address now in force; `update_time` only from `set`."""

    notify_url: str
    mchid: str | None = None
    update_time: str | None = None


_SET = Endpoint(
    "POST",
    "/callbacks",
    Form({"mchid": needed(MCHID), "notify_url": needed(callback_url)}),
    CallbackSetting,
)


def compose_callback(*, mchid: str, notify_url: str) -> bytes:
    """`notify_url`: https, 10 to 256 characters, no query. Raises BadRequest."""
    return _SET.compose(mchid=mchid, notify_url=notify_url)


class CallbackAddress:
    """Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def set(self, body: bytes) -> CallbackSetting:
        """Replace the address. There is no number: the last one that arrives counts."""
        return await _SET.call(self._client, body)

    async def get(self) -> CallbackSetting:
        """The address of our merchant number. Refused with RESOURCE_NOT_EXISTS when none was set."""
        query = {"mchid": self._client.merchant.mchid}
        return promised(
            CallbackSetting, await self._client.get(target("/callbacks", query=query)), echo=query
        )
