"""The merchant's own numbers: each belongs to the first thing done with it, for ever."""

from collections.abc import Callable
from typing import Any

from sandbox.wechatpay.errors import number_with_other_data

Result = dict[str, Any] | None


class RequestNumbers:
    def __init__(self) -> None:
        self._done: dict[tuple[str, str], tuple[object, Result]] = {}

    def once(self, purpose: str, number: str, data: object, act: Callable[[], Result]) -> Result:
        """The first result of this number, or that of `act` now. A number whose attempts were all refused is
        still free; numbers of different purposes do not meet. Raises RefusedError where the data differ."""
        before = self._done.get((purpose, number))
        if before is None:
            result = act()
            self._done[purpose, number] = (data, result)
            return result
        if before[0] != data:
            raise number_with_other_data()
        return before[1]
