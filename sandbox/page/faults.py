"""The panel of faults: what each does, in words for people, and the switch behind it."""

from dataclasses import dataclass

from sandbox.slack.errors import JSON, CannotDoError
from sandbox.slack.faults import FaultKind as SlackFaultKind
from sandbox.slack.faults import rate_limited
from sandbox.slack.running import Slack
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import Endpoint
from sandbox.wechatpay.stand_in import WeChatPay

MOST_TIMES = 100
# Longer than people like to wait, shorter than the bot's patience with WeChat Pay.
SLOW_SECONDS = 4.0
SLACK_RETRY_AFTER = 2

WECHATPAY_FAULTS = {
    "lost_answer": Fault(FaultKind.LOST_ANSWER),
    "system_error": Fault(FaultKind.SYSTEM_ERROR_500),
    "rate_limited": Fault(FaultKind.RATE_LIMITED),
    "slow": Fault(FaultKind.SLOW, seconds=SLOW_SECONDS),
    "unsigned": Fault(FaultKind.UNSIGNED),
}


@dataclass(frozen=True, slots=True)
class Words:
    en: str
    zh: str

    def json(self) -> JSON:
        return {"en": self.en, "zh": self.zh}


SHOWN: dict[str, dict[str, tuple[Words, Words]]] = {
    "wechatpay": {
        "lost_answer": (
            Words("Lost answer", "应答丢失"),
            Words(
                "The next coupon is given, and the answer is cut off on the wire.",
                "下一张券会发出, 但应答在途中丢失。",
            ),
        ),
        "system_error": (
            Words("SYSTEM_ERROR", "SYSTEM_ERROR"),
            Words(
                "The next send is answered with status 500; whether a coupon was given stays open.",
                "下一次发券返回 500, 是否已发券未知。",
            ),
        ),
        "rate_limited": (
            Words("Too many requests (429)", "频率超限 (429)"),
            Words("The next send is turned away, to be tried later.", "下一次发券被拒, 稍后再试。"),
        ),
        "slow": (
            Words("Slow answer", "应答缓慢"),
            Words(
                f"The next coupon is given at once, its answer comes {SLOW_SECONDS:.0f} seconds later.",
                f"下一张券立即发出, 应答晚 {SLOW_SECONDS:.0f} 秒到达。",
            ),
        ),
        "unsigned": (
            Words("Unsigned answer", "应答无签名"),
            Words(
                "The next coupon is given, and the answer has no signature: nobody may trust it.",
                "下一张券会发出, 但应答没有签名, 不可信。",
            ),
        ),
        "rotation": (
            Words("Change the certificate", "更换平台证书"),
            Words(
                "From now on answers are signed with a new platform certificate.",
                "从现在起, 应答改用新的平台证书签名。",
            ),
        ),
    },
    "slack": {
        "rate_limited": (
            Words("Too many requests (429)", "频率超限 (429)"),
            Words(
                f"The bot's next call is turned away; it may come back after {SLACK_RETRY_AFTER} seconds.",
                f"机器人的下一次调用被拒, {SLACK_RETRY_AFTER} 秒后可再试。",
            ),
        ),
        "cut_socket": (
            Words("Cut the socket", "切断连接"),
            Words("The bot's Socket Mode connection breaks now.", "机器人的 Socket Mode 连接立即断开。"),
        ),
    },
}


class FaultPanel:
    def __init__(self, slack: Slack, wechatpay: WeChatPay) -> None:
        self._slack = slack
        self._wechatpay = wechatpay

    def json(self) -> JSON:
        return {
            side: [
                {
                    "kind": kind,
                    "label": label.json(),
                    "explain": explain.json(),
                    "waiting": self._waiting(side, kind),
                }
                for kind, (label, explain) in kinds.items()
            ]
            for side, kinds in SHOWN.items()
        }

    def switch(self, side: str | None, kind: str, times: int) -> None:
        """Queue a fault, or make it happen now. Kind "clear" takes all waiting ones away: of one side or,
        where none is named, of both. Raises CannotDoError."""
        if side not in (None, *SHOWN) or (kind != "clear" and kind not in SHOWN.get(side or "", {})):
            raise CannotDoError(f"there is no fault {kind!r} of {side!r}")
        if not 1 <= times <= MOST_TIMES:
            raise CannotDoError(f"times is {times}; 1 to {MOST_TIMES} expected")
        match side, kind:
            case _, "clear":
                self._clear(side)
            case "slack", "cut_socket":
                self._slack.sockets.cut()
            case "slack", _:
                self._slack.faults.next("*", rate_limited(SLACK_RETRY_AFTER), times=times)
            case _, "rotation":
                self._rotate()
            case _:
                self._wechatpay.faults.queue(WECHATPAY_FAULTS[kind], times=times)

    def _clear(self, side: str | None) -> None:
        if side != "wechatpay":
            self._slack.faults.clear()
        if side != "slack":
            self._wechatpay.faults.clear()

    def _rotate(self) -> None:
        try:
            self._wechatpay.rotate()
        except ValueError as error:
            raise CannotDoError(str(error)) from None

    def _waiting(self, side: str, kind: str) -> int:
        if side == "slack":
            return self._slack.faults.waiting_of(SlackFaultKind.RATE_LIMITED) if kind == "rate_limited" else 0
        fault = WECHATPAY_FAULTS.get(kind)
        queued = self._wechatpay.faults.summary()["queued"].get(Endpoint.SEND, [])
        return queued.count(fault.label()) if fault is not None else 0
