"""Quick copies are those of `dataclasses.replace`."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from coupons.model import REQUEST_RECORD, Request, State
from coupons.replacing import Replacer
from tests.handlers.views_samples import request


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2


POINTS = Replacer(Point)


def test_a_copy_is_what_dataclasses_make() -> None:
    before = request()
    copy = REQUEST_RECORD.replace(before, {"state": State.SENT, "coupon_code": "C1", "due_at": None})
    assert copy == replace(before, state=State.SENT, coupon_code="C1", due_at=None)
    assert isinstance(copy, Request)
    assert before == request()


def test_a_copy_is_as_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        POINTS.replace(Point(1), {"x": 3}).x = 4  # type: ignore[misc]  # that is the test


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(KeyError, match="z"):
        POINTS.replace(Point(1), {"z": 3})


@pytest.mark.parametrize("values", [[1], [1, 2, 3]])
def test_all_fields_are_given_and_no_more(values: list[int]) -> None:
    with pytest.raises(TypeError, match="Point has 2 fields"):
        POINTS.make(values)
