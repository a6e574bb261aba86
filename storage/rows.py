"""`coupons.ports.Transaction` over one connection: each subject has its class, and this one joins them.

A new question to the database is a method of a Protocol in `coupons.ports` and of one of these classes, under
the same name; tests/storage/test_ports.py then asks for its test.
"""

from __future__ import annotations

from storage.absences import AbsenceRows
from storage.approvals import ApprovalRows
from storage.audit import EventRows
from storage.batch_sums import BatchSumRows
from storage.batches import BatchRows
from storage.console_links import ConsoleLinkRows
from storage.coupon_states import CouponStateRows
from storage.erasing import ErasingRows
from storage.inbox import ClickRows
from storage.leases import LeaseRows
from storage.outbox import OutboxRows
from storage.pauses import PauseRows
from storage.requests import RequestRows
from storage.search import SearchRows
from storage.tickets import TicketRows
from storage.totals import UseRows
from storage.waiting import WaitingRows
from storage.weeks import WeekRows


class Rows(
    RequestRows,
    ApprovalRows,
    WaitingRows,
    BatchRows,
    BatchSumRows,
    ClickRows,
    OutboxRows,
    EventRows,
    UseRows,
    TicketRows,
    PauseRows,
    AbsenceRows,
    ConsoleLinkRows,
    CouponStateRows,
    SearchRows,
    ErasingRows,
    LeaseRows,
    WeekRows,
):
    """One moment of the database, and changes where the connection takes them."""
