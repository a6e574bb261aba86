"""`reconcile`: what the log says was given, beside what WeChat Pay has; each difference with its request."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import State
from coupons.reconciling import Ours, Period, Theirs, Verdict, compare
from coupons.recording import Event
from sandbox.wechatpay import Fault, FaultKind
from sandbox.wechatpay.ledger import Endpoint
from storage.proof.verify import verify
from tests.bot.operating import Operator, operator
from tests.storage.records import NOW, Time, approve, create, open_ledger, rows, send, tamper
from tests.world import BIG, LATE, OPENID

OTHER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS99"
MONTH = Period(1_000, 2_000)
LONG = "3564492952157993399296"


def ours(request: int = 1, **changes: Any) -> Ours:
    values: dict[str, Any] = {
        "request": request,
        "customer": 7,
        "number": f"cb{request}",
        "state": State.SENT,
        "stock_id": LATE,
        "fen": 1000,
        "coupon_code": f"C{request}",
        "created_at": 1_100,
        "closed_at": 1_200,
    }
    return Ours(**{**values, **changes})


def theirs(request: int = 1, **changes: Any) -> Theirs:
    values = {"code": f"C{request}", "stock_id": LATE, "number": f"cb{request}", "received_at": 1_200}
    return Theirs(**{**values, **changes})


declined = {"state": State.DECLINED, "coupon_code": None}
undone = {"state": State.UNDONE}


@pytest.mark.parametrize(
    ("here", "there", "verdict"),
    [
        ([ours()], [theirs()], [Verdict.BOTH]),
        ([ours()], [theirs(state="USED")], [Verdict.BOTH]),
        ([ours()], [], [Verdict.ONLY_HERE]),
        ([ours()], [theirs(code="C9")], [Verdict.DIFFERENT]),
        ([ours()], [theirs(stock_id=BIG)], [Verdict.DIFFERENT]),
        # Taken back: given all the same, and it can be used no more.
        ([ours(**undone)], [theirs(state="DEACTIVATED")], [Verdict.BOTH]),
        ([ours(**undone)], [theirs()], [Verdict.BOTH]),
        ([ours(**undone)], [theirs(state="SENDED")], [Verdict.DIFFERENT]),
        ([ours(**undone)], [theirs(state="USED")], [Verdict.DIFFERENT]),
        ([ours(**undone)], [], [Verdict.ONLY_HERE]),
        ([ours(**declined)], [theirs()], [Verdict.ONLY_THERE]),
        ([ours(**declined)], [], []),
        ([ours(state=State.UNKNOWN, coupon_code=None)], [theirs()], [Verdict.ONLY_THERE]),
        ([], [theirs()], [Verdict.ONLY_THERE]),
        # A spreadsheet took the code for a number.
        ([ours(coupon_code=LONG)], [theirs(code=LONG)], [Verdict.BOTH]),
        ([ours(coupon_code=LONG)], [theirs(code="3564492952157990000000")], [Verdict.DAMAGED]),
        ([ours(coupon_code=LONG)], [theirs(code="3564492952157993566208")], [Verdict.DAMAGED]),
        ([ours(coupon_code="0012")], [theirs(code="12")], [Verdict.DAMAGED]),
        ([ours(stock_id="0012")], [theirs(stock_id="12")], [Verdict.DAMAGED]),
        ([ours(coupon_code=LONG)], [theirs(number="", code="3564492952157990000000")], [Verdict.DAMAGED]),
        # What no spreadsheet makes of it is another coupon, however alike.
        ([ours(coupon_code=LONG)], [theirs(code="3564492952157993399297")], [Verdict.DIFFERENT]),
        ([ours(coupon_code="0012")], [theirs(code="13")], [Verdict.DIFFERENT]),
        ([ours(coupon_code="12")], [theirs(code="0012")], [Verdict.DIFFERENT]),
        (
            [ours(coupon_code=LONG)],
            [theirs(stock_id=BIG, code="3564492952157990000000")],
            [Verdict.DIFFERENT],
        ),
        # Two of ours become the same: which of them it was is not known.
        (
            [ours(coupon_code=LONG), ours(2, coupon_code=f"{LONG[:-1]}7")],
            [theirs(number="", code="3564492952157990000000")],
            [Verdict.ONLY_HERE, Verdict.ONLY_HERE, Verdict.ONLY_THERE],
        ),
        # By the code alone, as a bill has it.
        ([ours()], [theirs(number="")], [Verdict.BOTH]),
        ([ours()], [theirs(number="", stock_id=BIG)], [Verdict.ONLY_HERE, Verdict.ONLY_THERE]),
        # Another month's.
        ([ours(created_at=1, closed_at=2)], [theirs(received_at=2)], []),
        ([ours(created_at=1, closed_at=2)], [], []),
        ([], [theirs(received_at=2_000)], []),
        ([], [theirs(received_at=None)], [Verdict.ONLY_THERE]),
        # Asked for before the month, given in it.
        ([ours(created_at=1)], [], [Verdict.ONLY_HERE]),
    ],
)
def test_each_pair_gets_its_verdict(here: list[Ours], there: list[Theirs], verdict: list[Verdict]) -> None:
    assert [match.verdict for match in compare(here, there, MONTH)] == verdict


# --- by asking for each customer


async def logged(op: Operator) -> Path:
    """#1 sent, and there; #2 sent, and not there; #3 declined; #4 pending; #5 of another, sent, there."""
    path = op.folder / "coupon.db"
    ledger = open_ledger(path, Time())
    code = op.wechatpay.give(OPENID, LATE, "n1").coupon_code
    await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n1")), code))
    await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n2")), "GONE"))

    def decline(tx: Any) -> None:
        request = create(tx, "n3")
        tx.append(Event(Tag.REQUEST_DECLINED, "U0WANG", request.id))
        tx.save(request, move(request, State.DECLINED, now=NOW, closed_by="U0WANG"))

    await ledger.write(decline)
    await ledger.write(lambda tx: create(tx, "n4"))
    other = op.wechatpay.give(OTHER, LATE, "n5").coupon_code
    await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n5", openid=OTHER)), other))
    await ledger.close()
    return path


async def typed(op: Operator, path: Path, *words: str) -> Result:
    result = await op.types("reconcile", "--database", str(path), *words)
    assert OTHER not in result.output
    return result


async def test_what_agrees_is_counted_and_what_does_not_is_named_with_its_request(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        path = await logged(op)
        given = op.wechatpay.give(OPENID, LATE, "n3").coupon_code
        strange = op.wechatpay.give(OPENID, LATE, "by-hand").coupon_code
        # A stock that this bot never gave is none of its business.
        op.wechatpay.give(OPENID, BIG, "other-shop")
        result = await typed(op, path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "in both: 2, ¥20.00"
    assert "only here: 1, ¥10.00" in lines
    [gone] = [line for line in lines if "request #2 " in line]
    assert "sent with the code GONE, which WeChat Pay does not show" in gone
    [twice] = [line for line in lines if "request #3 " in line]
    assert f"declined here, and WeChat Pay gave coupon {given} of stock {LATE} (SENDED)" in twice
    [unexplained] = [line for line in lines if strange in line]
    assert "of customer 1: no request of ours has its number" in unexplained
    assert result.stderr.endswith("3 do not agree\n")
    assert BIG not in result.stdout
    [(body,)] = rows(path, "select body from event where tag = 'audit:reconciled'")
    assert json.loads(body)["detail"]["found"] == {"both": 2, "different": 0, "only_here": 1, "only_there": 2}
    assert verify(path).rows > 0


async def test_a_coupon_that_is_called_taken_back_and_can_be_used_is_named(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        path = await logged(op)
        tamper(path, "update request set undone_by = 1 where id = 1")
        result = await typed(op, path)
    [usable] = [line for line in result.stdout.splitlines() if "request #1 " in line]
    assert ": taken back with the code " in usable
    assert usable.endswith("(SENDED)")


async def test_when_all_agree_the_status_is_0(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        path = op.folder / "coupon.db"
        ledger = open_ledger(path, Time())
        code = op.wechatpay.give(OPENID, LATE, "n1").coupon_code
        await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n1")), code))
        await ledger.close()
        result = await typed(op, path, "--format", "csv")
        assert result.exit_code == 0
        [row] = csv.DictReader(io.StringIO(result.stdout.removeprefix("\ufeff")))
        assert (row["verdict"], row["request"], row["their_code"]) == ("in both", "1", f"`{code}")
        assert "all agree: 1 coupons in both" in result.stderr
        # The same under audit.
        assert (await op.types("audit", "reconcile", "--database", str(path))).exit_code == 0


async def test_a_customer_who_cannot_be_asked_for_is_told_and_the_others_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.reconcile._AGAIN_S", (0.01,))
    async with operator(tmp_path) as op:
        path = await logged(op)
        [(number,)] = rows(path, "select id from customer where openid = :openid", openid=OTHER)
        rows(path, "update customer set openid = 'erased:' || id where id = :number", number=number)
        result = await typed(op, path)
    assert result.exit_code == 1
    assert f"customer {number} was erased and cannot be asked for" in result.stderr
    assert "in both: 1" in result.stdout


async def test_a_busy_wechat_pay_is_asked_again_and_then_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.reconcile._AGAIN_S", (0.01, 0.01))
    async with operator(tmp_path) as op:
        path = await logged(op)
        op.wechatpay.faults.queue(Fault(FaultKind.RATE_LIMITED), endpoint=Endpoint.COUPONS)
        assert "in both: 2" in (await typed(op, path)).stdout
        op.wechatpay.faults.queue(Fault(FaultKind.RATE_LIMITED), times=100, endpoint=Endpoint.COUPONS)
        result = await typed(op, path)
    assert result.exit_code == 1
    assert result.stderr.count("customer ") >= 2


# --- by a bill


BILL = """\ufeff商家券批次号,券code,发放时间,商户请求单号,券状态
`{stock},`{code},`2026-11-23 10:13:20,`n1,`已使用
`{stock},`STRANGE,`2026-11-23 10:13:20,`by-hand,`可用
总笔数,总金额
`2,`20.00
"""


async def test_a_bill_is_compared_without_a_call(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        path = await logged(op)
        [(code,)] = rows(path, "select coupon_code from request where id = 1")
        bill = tmp_path / "bill.csv"
        bill.write_text(BILL.format(stock=LATE, code=code), encoding="utf-8")
        before = len(op.requests)
        result = await typed(op, path, "--file", str(bill))
        assert len(op.requests) == before
    assert result.exit_code == 1
    assert "in both: 1, ¥10.00" in result.stdout
    assert "coupon STRANGE" in result.stdout
    assert "request #2 " in result.stdout
    assert "request #5 " in result.stdout


async def test_what_a_spreadsheet_may_have_ruined_in_a_bill_is_no_wrong_coupon(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        path = op.folder / "coupon.db"
        ledger = open_ledger(path, Time())
        await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n1")), LONG))
        await ledger.close()
        bill = tmp_path / "bill.csv"
        bill.write_text(f"批次号,券code,商户请求单号\n{LATE},3564492952157990000000,n1\n", encoding="utf-8")
        result = await typed(op, path, "--file", str(bill))
    assert result.exit_code == 1
    assert "damaged: 1, ¥10.00" in result.stdout
    assert f"sent with the code {LONG}; the bill has coupon 3564492952157990000000" in result.stdout
    assert "only there" not in result.stdout
    assert "take the file as wechat pay gave it" in result.stdout.casefold()


async def test_a_name_with_a_comma_moves_no_cell_of_a_bill(tmp_path: Path) -> None:
    """WeChat Pay quotes no name."""
    async with operator(tmp_path) as op:
        path = op.folder / "coupon.db"
        ledger = open_ledger(path, Time())
        await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n1")), LONG))
        await ledger.close()
        bill = tmp_path / "bill.csv"
        bill.write_text(
            "领取时间,批次名称,批次号,券code,商户请求单号,券状态\n"
            f"`2026-12-01 09:11:16,`¥10 off, late delivery,`{LATE},`{LONG},`n1,`SENDED\n",
            encoding="utf-8",
        )
        result = await typed(op, path, "--file", str(bill))
        assert (result.exit_code, result.stdout) == (0, "in both: 1, ¥10.00\n")
        bill.write_text(bill.read_text(encoding="utf-8").replace("`", ""), encoding="utf-8")
        refused = await typed(op, path, "--file", str(bill))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "bill.csv line 2 has 7 cells under a head of 6" in refused.stderr


async def test_our_own_files_are_read_as_a_bill(tmp_path: Path) -> None:
    """With the back-ticks that keep a spreadsheet from its long numbers."""
    async with operator(tmp_path) as op:
        path = op.folder / "coupon.db"
        ledger = open_ledger(path, Time())
        await ledger.write(lambda tx: send(tx, approve(tx, create(tx, "n1")), LONG))
        await ledger.close()
        found = await op.types("audit", "search", "--format", "csv", "--database", str(path))
        assert f",`{LONG}," in found.stdout
        bill = tmp_path / "ours.csv"
        bill.write_text(found.stdout, encoding="utf-8")
        result = await typed(op, path, "--file", str(bill))
    assert (result.exit_code, result.stdout) == (0, "in both: 1, ¥10.00\n")
