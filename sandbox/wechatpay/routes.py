"""Which endpoint a request means. Split before unescaping: a coupon code may itself hold a slash."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from sandbox.wechatpay.errors import RefusedError, bad_parameter
from sandbox.wechatpay.ledger import Endpoint

_BUSIFAVOR = "/v3/marketing/busifavor"
_ROUTES = [
    ("POST", f"{_BUSIFAVOR}/coupons/send", Endpoint.SEND),
    ("POST", f"{_BUSIFAVOR}/product-coupons/send", Endpoint.PRODUCT_SEND),
    ("GET", f"{_BUSIFAVOR}/users/{{}}/coupons", Endpoint.COUPONS),
    ("GET", f"{_BUSIFAVOR}/users/{{}}/coupons/{{}}/appids/{{}}", Endpoint.COUPON),
    ("POST", f"{_BUSIFAVOR}/coupons/use", Endpoint.USE),
    ("POST", f"{_BUSIFAVOR}/coupons/return", Endpoint.RETURN),
    ("POST", f"{_BUSIFAVOR}/coupons/deactivate", Endpoint.DEACTIVATE),
    ("POST", f"{_BUSIFAVOR}/coupons/associate", Endpoint.ASSOCIATE),
    ("POST", f"{_BUSIFAVOR}/coupons/disassociate", Endpoint.DISASSOCIATE),
    ("POST", f"{_BUSIFAVOR}/stocks", Endpoint.MAKE_STOCK),
    ("GET", f"{_BUSIFAVOR}/stocks/{{}}", Endpoint.STOCK),
    ("PATCH", f"{_BUSIFAVOR}/stocks/{{}}", Endpoint.PATCH_STOCK),
    ("PATCH", f"{_BUSIFAVOR}/stocks/{{}}/budget", Endpoint.BUDGET),
    ("POST", f"{_BUSIFAVOR}/stocks/{{}}/couponcodes", Endpoint.UPLOAD_CODES),
    ("GET", f"{_BUSIFAVOR}/stocks/{{}}/couponcodes/{{}}", Endpoint.CODE),
    ("POST", f"{_BUSIFAVOR}/callbacks", Endpoint.SET_CALLBACK),
    ("GET", f"{_BUSIFAVOR}/callbacks", Endpoint.CALLBACK),
    ("GET", "/v3/certificates", Endpoint.CERTIFICATES),
]
_SPLIT = [(method, template.split("/"), endpoint) for method, template, endpoint in _ROUTES]


@dataclass(frozen=True, slots=True)
class Target:
    """What a request's method and path mean, with the names found in the path, unescaped, in their order.
    `endpoint` is None where nothing is served; `methods` are those the path has."""

    endpoint: Endpoint | None
    methods: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def served(self) -> Endpoint:
        """Raises RefusedError: 404 for a path nobody serves, 405 for another method."""
        if self.endpoint is not None:
            return self.endpoint
        if not self.methods:
            raise RefusedError(404, "NOT_FOUND", "请求的资源不存在")
        raise RefusedError(405, "METHOD_NOT_ALLOWED", f"请使用{'/'.join(self.methods)}方法")


def route(method: str, path: str) -> Target:
    parts = path.split("/")
    fitting = [entry for entry in _SPLIT if _fits(entry[1], parts)]
    methods = tuple(served for served, _, _ in fitting)
    for served, template, endpoint in fitting:
        if served == method:
            names = [unquote(part) for part, shape in zip(parts, template, strict=True) if shape == "{}"]
            return Target(endpoint, methods, tuple(names))
    return Target(None, methods)


def _fits(template: list[str], parts: list[str]) -> bool:
    if len(template) != len(parts):
        return False
    return all(
        bool(part) if shape == "{}" else part == shape for shape, part in zip(template, parts, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is believed: the names in its path, its query as written, its body, the time."""

    names: tuple[str, ...]
    query: str = field(repr=False)
    body: bytes = field(repr=False)
    now_ms: int

    def parameters(self, *known: str) -> dict[str, str]:
        """The query. A star at the end of a known name: required. Raises RefusedError: PARAM_ERROR for a
        parameter that is unknown, missing or given twice."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        query = dict(pairs)
        if len(query) != len(pairs):
            raise bad_parameter("query", "parameter given twice", location="query")
        for name in sorted(query.keys() - {name.removesuffix("*") for name in known}):
            raise bad_parameter(name, "unknown parameter", location="query")
        for name in known:
            if name.endswith("*") and not query.get(name.removesuffix("*")):
                raise bad_parameter(name.removesuffix("*"), "missing", location="query")
        return query


def whole_parameter(query: dict[str, str], name: str, default: int, allowed: range) -> int:
    """Raises RefusedError: PARAM_ERROR."""
    written = query.get(name)
    if written is None:
        return default
    if not (written.isascii() and written.isdecimal() and len(written) < 10 and int(written) in allowed):
        raise bad_parameter(name, f"whole number {allowed[0]} to {allowed[-1]} expected", location="query")
    return int(written)
