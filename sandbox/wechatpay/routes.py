"""Which endpoint a target means. Split before unescaping: a coupon code may itself hold a slash."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from sandbox.wechatpay.errors import RefusedError, bad_parameter
from sandbox.wechatpay.ledger import Endpoint

SEND_PATH = "/v3/marketing/busifavor/coupons/send"
_CERTIFICATES_PATH = "/v3/certificates"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint with the names found in its path, unescaped, in their order."""

    endpoint: Endpoint
    method: str = "GET"
    names: tuple[str, ...] = ()


def route(path: str) -> Target | None:
    if path == SEND_PATH:
        return Target(Endpoint.SEND, "POST")
    if path == _CERTIFICATES_PATH:
        return Target(Endpoint.CERTIFICATES)
    match path.split("/"):
        case ["", "v3", "marketing", "busifavor", "users", openid, "coupons"] if openid:
            return Target(Endpoint.COUPONS, names=(unquote(openid),))
        case ["", "v3", "marketing", "busifavor", "users", openid, "coupons", code, "appids", appid]:
            return Target(Endpoint.COUPON, names=(unquote(openid), unquote(code), unquote(appid)))
        case ["", "v3", "marketing", "busifavor", "stocks", stock_id] if stock_id:
            return Target(Endpoint.STOCK, names=(unquote(stock_id),))
    return None


def check_method(target: Target | None, method: str) -> Target:
    """Raises RefusedError: 404 for a path nobody serves, 405 for another method."""
    if target is None:
        raise RefusedError(404, "NOT_FOUND", "请求的资源不存在")
    if method != target.method:
        raise RefusedError(405, "METHOD_NOT_ALLOWED", f"请使用{target.method}方法")
    return target


def query_of(text: str) -> dict[str, str]:
    """Raises RefusedError: a parameter given twice."""
    pairs = parse_qsl(text, keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise bad_parameter("query", "parameter given twice", location="query")
    return query
