"""Where the merchant wants its notifications: `POST` and `GET /callbacks`."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import bad_parameter, not_found, wrong_merchant
from sandbox.wechatpay.members import MCHID, Shape, text
from sandbox.wechatpay.request_numbers import Result
from sandbox.wechatpay.routes import Asked

_SET = Shape({"mchid": MCHID, "notify_url*": text(10, 256)})


def is_loopback(url: str) -> bool:
    """Whether a notification to this address would stay on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Callbacks:
    """`url` is None until one is set."""

    def __init__(self, mchid: str) -> None:
        self._mchid = mchid
        self.url: str | None = None

    def set(self, asked: Asked) -> Result:
        members = _SET.parse(asked.body)
        self._check_merchant(members.get("mchid"))
        _check_url(members["notify_url"])
        self.url = members["notify_url"]
        return {"update_time": rfc3339(asked.now_ms), "notify_url": self.url, "mchid": self._mchid}

    def read(self, asked: Asked) -> Result:
        self._check_merchant(asked.parameters("mchid").get("mchid"))
        if self.url is None:
            raise not_found("未设置事件通知地址")
        return {"notify_url": self.url, "mchid": self._mchid}

    def _check_merchant(self, mchid: str | None) -> None:
        if mchid is not None and mchid != self._mchid:
            raise wrong_merchant()


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    except ValueError:
        raise bad_parameter("/notify_url", "not an address") from None
    if not secure or not parts.hostname:
        raise bad_parameter("/notify_url", "https expected; plain http for loopback addresses only")
    if "?" in url or "#" in url:
        raise bad_parameter("/notify_url", "no query expected")
