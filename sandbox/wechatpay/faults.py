"""Trouble on demand: a queue for the next calls, and shares that hit at random."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

from sandbox.wechatpay.errors import (
    RefusedError,
    budget_used_up,
    no_permission,
    system_error,
    too_fast,
    user_rejected,
)
from sandbox.wechatpay.ledger import Endpoint
from sandbox.wechatpay.signatures import Judgement, UnsignedError


class FaultKind(StrEnum):
    # The connection is cut, after or before the coupon is given.
    LOST_ANSWER = "lost_answer"
    CUT_BEFORE = "cut_before"
    # An answer that leaves the outcome open. `Fault.given` decides what really happened.
    SYSTEM_ERROR_400 = "system_error_400"
    SYSTEM_ERROR_500 = "system_error_500"
    ACCEPTED_202 = "accepted_202"
    HTML_502 = "html_502"
    # Everything is done as asked, but the answer cannot be trusted, or comes late.
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    SIGNTEST = "signtest"
    WRONG_SERIAL = "wrong_serial"
    STALE = "stale"
    SLOW = "slow"
    # A plain no; nothing is given.
    RATE_LIMITED = "rate_limited"
    NO_AUTH = "no_auth"
    SIGN_ERROR = "sign_error"
    NOT_ENOUGH = "not_enough"
    USER_REJECTED = "user_rejected"


_EITHER = {
    FaultKind.SYSTEM_ERROR_400,
    FaultKind.SYSTEM_ERROR_500,
    FaultKind.ACCEPTED_202,
    FaultKind.HTML_502,
}
_NOTHING_DONE = {
    FaultKind.CUT_BEFORE,
    FaultKind.RATE_LIMITED,
    FaultKind.NO_AUTH,
    FaultKind.SIGN_ERROR,
    FaultKind.NOT_ENOUGH,
    FaultKind.USER_REJECTED,
}


def _sign_error() -> RefusedError:
    return UnsignedError(Judgement.OK, "错误的签名, 验签失败", field="signature", issue="sign not match")


_REFUSALS: dict[FaultKind, Callable[[], RefusedError]] = {
    FaultKind.SYSTEM_ERROR_400: lambda: system_error(400),
    FaultKind.SYSTEM_ERROR_500: lambda: system_error(500),
    FaultKind.RATE_LIMITED: too_fast,
    FaultKind.NO_AUTH: no_permission,
    FaultKind.SIGN_ERROR: _sign_error,
    FaultKind.NOT_ENOUGH: budget_used_up,
    FaultKind.USER_REJECTED: user_rejected,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One piece of trouble. `given` has a meaning for system_error_400, system_error_500, accepted_202 and
    html_502 only: the coupon was given all the same. `seconds`: how late a slow answer is (the coupon is
    given at once), or what Retry-After says of rate_limited."""

    kind: FaultKind
    given: bool = False
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.given and self.kind not in _EITHER:
            names = ", ".join(sorted(_EITHER))
            raise ValueError(f"fault {self.kind} with given=true; given goes with {names}")
        if not 0 <= self.seconds < float("inf"):
            raise ValueError(f"fault {self.kind} with seconds={self.seconds}; 0 or more would be right")

    @property
    def acts(self) -> bool:
        """Whether the request is carried out, whatever the answer then says."""
        return self.given or self.kind not in _EITHER | _NOTHING_DONE

    def label(self) -> str:
        return f"{self.kind}:given" if self.given else self.kind

    def refusal(self) -> RefusedError | None:
        """The error answer this fault stands for; None for those that are no error answer."""
        make = _REFUSALS.get(self.kind)
        return make() if make is not None else None


class Faults:
    """Faults of the next requests. Only requests whose own signature holds use one up."""

    def __init__(self) -> None:
        self._queues: dict[Endpoint, deque[Fault]] = {endpoint: deque() for endpoint in Endpoint}
        self._shares: dict[Endpoint, list[tuple[Fault, float]]] = {endpoint: [] for endpoint in Endpoint}
        self._dice = Random()

    def queue(self, *faults: Fault, times: int = 1, endpoint: Endpoint = Endpoint.SEND) -> None:
        """The next requests meet these, in this order, the whole row `times` times over."""
        self._queues[endpoint].extend(faults * times)

    def rate(
        self, fault: Fault, share: float, *, seed: int | None = None, endpoint: Endpoint = Endpoint.SEND
    ) -> None:
        """From now on a `share` (0 to 1) of the requests meets this. Several add up; one request meets one.

        A seed starts the one sequence of dice all shares use. Raises ValueError when the sum would pass 1."""
        shares = [(other, part) for other, part in self._shares[endpoint] if other != fault]
        total = share + sum(part for _, part in shares)
        if share < 0 or total > 1:
            raise ValueError(
                f"share {share} makes {total} in all; each 0 or more and at most 1 in all, please"
            )
        self._shares[endpoint] = [*shares, (fault, share)]
        if seed is not None:
            self._dice = Random(seed)

    def clear(self) -> None:
        for endpoint in Endpoint:
            self._queues[endpoint].clear()
            self._shares[endpoint] = []

    def draw(self, endpoint: Endpoint) -> Fault | None:
        queue = self._queues[endpoint]
        if queue:
            return queue.popleft()
        shares = self._shares[endpoint]
        if shares:
            thrown = self._dice.random()
            for fault, share in shares:
                thrown -= share
                if thrown < 0:
                    return fault
        return None

    def summary(self) -> dict[str, Any]:
        return {
            "queued": {
                endpoint: [fault.label() for fault in queue]
                for endpoint, queue in self._queues.items()
                if queue
            },
            "rates": {
                endpoint: {fault.label(): share for fault, share in shares}
                for endpoint, shares in self._shares.items()
                if shares
            },
        }
