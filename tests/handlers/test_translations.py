"""The compiled catalogue: kept, never older than the one that people review, and never needed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from handlers.views.translations import read

PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Customer"\nmsgstr "{}"\n'


@pytest.fixture
def po(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return written(tmp_path / "coupon.po", "客户")


def written(path: Path, chinese: str) -> Path:
    path.write_text(PO.format(chinese), encoding="utf-8")
    return path


def customer(po: Path) -> str:
    return read(po, "zh_CN").gettext("Customer")


def kept(po: Path) -> list[Path]:
    return list((po.parent / "__pycache__").iterdir())


def test_what_is_compiled_is_kept_and_read(po: Path) -> None:
    assert customer(po) == "客户"
    (compiled,) = kept(po)
    # As nobody would: it shows which of both was read.
    compiled.write_bytes(compiled.read_bytes().replace("客户".encode(), "顾客".encode()))
    assert customer(po) == "顾客"


def test_one_that_is_empty_or_cut_off_is_compiled_anew(po: Path) -> None:
    customer(po)
    (compiled,) = kept(po)
    whole = compiled.read_bytes()
    for left in (b"", whole[:3], whole[:10]):
        compiled.write_bytes(left)
        assert customer(po) == "客户"
        assert compiled.read_bytes() == whole


def test_a_changed_catalogue_is_compiled_anew_and_the_one_before_goes(po: Path) -> None:
    customer(po)
    before = kept(po)
    assert customer(written(po, "买家")) == "买家"
    assert len(kept(po)) == 1
    assert kept(po) != before


def test_where_nothing_may_be_kept_it_is_read_all_the_same(po: Path) -> None:
    (po.parent / "__pycache__").write_text("no folder")
    assert customer(po) == "客户"


def test_nothing_is_kept_where_python_keeps_no_bytecode(po: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert customer(po) == "客户"
    assert not (po.parent / "__pycache__").exists()
