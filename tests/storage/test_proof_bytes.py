from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.proof.verify import verify
from tests.storage.records import broken, make_log, overwrite, rows, settle_file


@pytest.fixture(scope="module")
def small_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bytes") / "coupon.db"
    make_log(path, 6)
    settle_file(path)
    return path


@given(
    seq=st.integers(1, 6),
    column=st.sampled_from(["body", "prev", "hash"]),
    place=st.integers(0, 10_000),
    shift=st.integers(1, 255),
)
def test_any_single_byte_that_was_changed_is_found(
    small_log: Path, seq: int, column: str, place: int, shift: int
) -> None:
    [record] = rows(small_log, "select body, prev, hash from event where seq = :seq", seq=seq)
    columns = dict(zip(("body", "prev", "hash"), (bytearray(text, "utf-8") for text in record), strict=True))
    before = b"".join(columns.values())
    changed = columns[column]
    changed[place % len(changed)] = (changed[place % len(changed)] + shift) % 256
    # SQLite keeps the three beside each other.
    after = b"".join(columns.values())
    overwrite(small_log, before, after)
    kind, sentence = broken(small_log)
    overwrite(small_log, after, before)
    assert kind == ("link" if column == "prev" else "edited")
    assert f"#{seq} " in sentence
    assert verify(small_log).rows == 6
