"""A terminal that takes GBK or ASCII only: one sentence, whichever command prints what it cannot show."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

import pytest

from bot.cli.main import main
from tests.storage.records import create, open_ledger


async def filled(path: Path) -> None:
    ledger = open_ledger(path)
    await ledger.write(lambda tx: create(tx, "n1", reason="物流 🙂 ¥10"))
    await ledger.close()


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "latin-1"])
@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--play"),
        ("audit", "show", "1", "--database", "券🎫.db"),
        ("audit", "show", "--format", "csv", "--database", "券🎫.db"),
        ("audit", "search", "--database", "券🎫.db"),
    ],
    ids=" ".join,
)
def test_a_terminal_that_cannot_show_what_is_printed_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    encoding: str,
) -> None:
    """GBK, as Chinese terminals have it, has neither ¥ nor a face."""
    asyncio.run(filled(tmp_path / "券🎫.db"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["coupon-bot", *words])
    printed = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(printed, encoding, write_through=True))
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    [sentence] = capsys.readouterr().err.splitlines()
    if words[0] == "demo":
        # No shop was opened to be broken off.
        assert printed.getvalue() == b""
    assert re.fullmatch(
        r"standard output takes \S+ only, and what is written has more; set PYTHONUTF8=1", sentence
    )


def test_what_is_echoed_is_one_sentence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path may have any letter. For ASCII alone click has an answer of its own."""
    asyncio.run(filled(tmp_path / "券🎫.db"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["coupon-bot", "audit", "verify", "--database", "券🎫.db"])
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "gbk"))
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("standard output takes gbk only")
