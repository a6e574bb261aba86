"""A no, as the platform writes it: status, code, message for people, a number at the end of Request-ID."""

from collections.abc import Mapping
from typing import Any

# Finer error numbers the platform puts behind the last hyphen of Request-ID; 0 where none was published.
EXTRA_MEMBER = 270924358
ILLEGAL_PARAMETER = 268435461
SIGNATURE_WRONG = 269546525
SERIAL_WRONG = 269546507
OTHER_DATA = 268578927
NOT_RUNNING = 268577984


class RefusedError(Exception):
    """The platform says no. `status`, `code` and `detail` are what goes on the wire."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: Mapping[str, Any] | None = None,
        number: int = 0,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.number = number

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            body["detail"] = self.detail
        return body


def bad_parameter(
    field: str, issue: str, *, location: str = "body", number: int = ILLEGAL_PARAMETER
) -> RefusedError:
    """`field` is a JSON Pointer when the fault is in the body, else the name of the path or query variable.

    The value is left out of the answer: whoever logs an error must not find an openid in it."""
    detail = {"field": field, "issue": issue, "location": location}
    return RefusedError(400, "PARAM_ERROR", "参数错误", detail=detail, number=number)


def invalid_request(message: str, *, number: int = 0) -> RefusedError:
    return RefusedError(400, "INVALID_REQUEST", message, number=number)


def number_with_other_data() -> RefusedError:
    return invalid_request("商户单号已存在, 但请求参数不一致", number=OTHER_DATA)


def already_exists() -> RefusedError:
    return RefusedError(400, "RESOURCE_ALREADY_EXISTS", "商户单号已存在")


def wrong_merchant() -> RefusedError:
    return RefusedError(400, "MCH_NOT_EXISTS", "商户号不存在")


def not_found(message: str) -> RefusedError:
    return RefusedError(404, "RESOURCE_NOT_EXISTS", message)


def wrong_appid() -> RefusedError:
    return RefusedError(400, "APPID_MCHID_NOT_MATCH", "商户号和AppID没有绑定关系", number=268578704)


def no_permission() -> RefusedError:
    return RefusedError(403, "NO_AUTH", "发券商户无此接口权限", number=268579803)


def budget_used_up() -> RefusedError:
    return RefusedError(403, "NOT_ENOUGH", "批次预算不足", number=270079534)


def day_used_up() -> RefusedError:
    return RefusedError(403, "DAYLIMIT", "批次已达到单天发放上限", number=270079534)


def limit_reached() -> RefusedError:
    return RefusedError(403, "RULE_LIMIT", "用户已达到领取上限", number=272756740)


def user_rejected() -> RefusedError:
    return RefusedError(403, "USER_ACCOUNT_ABNORMAL", "用户账号异常, 已被风控拦截")


def too_fast() -> RefusedError:
    return RefusedError(429, "FREQUENCY_LIMIT_EXCEED", "频率超限, 请稍后重试", number=270924289)


def system_error(status: int) -> RefusedError:
    """500, or 400: this product says SYSTEM_ERROR with both. Whether the coupon was given stays open."""
    return RefusedError(status, "SYSTEM_ERROR", "系统错误, 请使用原参数重试", number=272888874)
