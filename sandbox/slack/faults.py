"""Bad days on demand: the next calls of a method, or a share of all of them, go wrong in a chosen way."""

import random
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from sandbox.slack.clock import Clock

ANY = "*"


class FaultKind(StrEnum):
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    API_ERROR = "api_error"
    SLOW = "slow"
    SLOW_ANSWER = "slow_answer"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"


@dataclass(frozen=True, slots=True)
class Fault:
    """`seconds`: how slow, or Retry-After; `status`: of a server error; `error`: of an API error."""

    kind: FaultKind
    seconds: float = 0.0
    status: int = 500
    error: str = ""


def rate_limited(retry_after: int = 1) -> Fault:
    """429 with Retry-After, not processed."""
    return Fault(FaultKind.RATE_LIMITED, seconds=retry_after)


def server_error(status: int = 500) -> Fault:
    """A 5xx with an HTML page, not processed (which the caller cannot know)."""
    return Fault(FaultKind.SERVER_ERROR, status=status)


def api_error(error: str) -> Fault:
    """200 with `ok: false` and this error name, not processed."""
    return Fault(FaultKind.API_ERROR, error=error)


def slow(seconds: float) -> Fault:
    """Processed after this many seconds, even when the caller has gone away meanwhile."""
    return Fault(FaultKind.SLOW, seconds=seconds)


def slow_answer(seconds: float) -> Fault:
    """Processed at once, answered after this many seconds."""
    return Fault(FaultKind.SLOW_ANSWER, seconds=seconds)


def cut_before() -> Fault:
    """The connection drops before anything is processed."""
    return Fault(FaultKind.CUT_BEFORE)


def cut_after() -> Fault:
    """Processed, and then the connection drops: the message stands, the answer is lost."""
    return Fault(FaultKind.CUT_AFTER)


@dataclass(slots=True)
class _Queued:
    method: str
    fault: Fault
    left: int


@dataclass(slots=True)
class _Rate:
    method: str
    fault: Fault
    share: float
    dice: random.Random


class Faults:
    """Methods are named as in the Web API; "response_url" for posts to response URLs; "*" for every call."""

    def __init__(self, clock: Clock) -> None:
        self._queue: list[_Queued] = []
        self._rates: list[_Rate] = []
        self._clock = clock
        self._bucket: PostRate | None = None
        self._updates: UpdateRate | None = None

    def next(self, method: str, *faults: Fault, times: int = 1) -> None:
        """The next calls of `method` meet these faults, in order, each `times` times."""
        self._queue.extend(_Queued(method, fault, times) for fault in faults)

    def rate(self, method: str, fault: Fault, share: float, seed: int = 0) -> None:
        """Each call meets the fault with probability `share` (0 to 1), by dice that fall the same each
        run."""
        self._rates.append(_Rate(method, fault, share, random.Random(seed)))

    def limit_posts(self, per_second: float = 1.0, burst: int = 3) -> None:
        """Switch on Slack's limit of about one post per second per channel."""
        self._bucket = PostRate(per_second, burst, self._clock)

    def limit_updates(self, per_minute: int = 50) -> None:
        """Switch on Slack's limit of changed messages, in all channels together."""
        self._updates = UpdateRate(per_minute, self._clock)

    def clear(self) -> None:
        self._queue.clear()
        self._rates.clear()
        self._bucket = None
        self._updates = None

    @property
    def waiting(self) -> int:
        """How many queued faults have not been met yet."""
        return sum(item.left for item in self._queue)

    def waiting_of(self, kind: FaultKind) -> int:
        return sum(item.left for item in self._queue if item.fault.kind is kind)

    def draw(self, method: str, channel: object) -> Fault | None:
        """The fault for this call, if any; the queue goes before the dice, the dice before the limits."""
        for item in self._queue:
            if item.method in (method, ANY):
                item.left -= 1
                if item.left <= 0:
                    self._queue.remove(item)
                return item.fault
        for rate in self._rates:
            if rate.method in (method, ANY) and rate.dice.random() < rate.share:
                return rate.fault
        wait = 0
        if self._bucket is not None and method == "chat.postMessage" and isinstance(channel, str):
            wait = self._bucket.wait(channel)
        if self._updates is not None and method == "chat.update":
            wait = self._updates.wait()
        return rate_limited(wait) if wait else None


class PostRate:
    """A bucket of tokens per channel."""

    def __init__(self, per_second: float, burst: int, clock: Clock) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, channel: str) -> int:
        """0 and one token taken, or the whole seconds to wait."""
        now = self._clock()
        tokens, at = self._buckets.get(channel, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - at) * self._per_second)
        allowed = tokens >= 1
        self._buckets[channel] = (tokens - 1 if allowed else tokens, now)
        return 0 if allowed else max(1, int((1 - tokens) / self._per_second + 0.999))


class UpdateRate:
    """So many in any minute, whichever minute one looks at: the strictest way to count them."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=per_minute)

    def wait(self) -> int:
        """0 and this one counted, or the whole seconds to wait."""
        now = self._clock()
        if len(self._taken) == self._taken.maxlen and (left := self._taken[0] + 60.0 - now) > 0:
            return max(1, int(left + 0.999))
        self._taken.append(now)
        return 0
