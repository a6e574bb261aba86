"""Everything that runs, once the workspace is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from coupons.batch_work import BatchWork
from coupons.checkpointing import Checkpointer
from coupons.clock_keeping import ClockKeeper
from coupons.decider import Decider
from coupons.expiring import Expirer
from coupons.forgetting import Forgetter
from coupons.loops import Loop
from coupons.overwriting import Overwriter
from coupons.reminding import Reminder
from coupons.returning import Returner
from coupons.sender import Sender
from coupons.week_reports import WeekReporter
from handlers.after_ack import AfterAck
from handlers.announcer import Announcer
from handlers.bulk.file_loop import FileLoop
from handlers.directory import SlackDirectory
from handlers.home import Home


@dataclass(frozen=True, slots=True)
class Parts:
    """Built by `bot.wiring`."""

    app: AsyncApp
    after_ack: AfterAck
    home: Home
    directory: SlackDirectory
    sender: Sender
    decider: Decider
    about_coupons: Mapping[str, Loop]
    batch_work: BatchWork
    expirer: Expirer
    reminder: Reminder
    returner: Returner
    forgetter: Forgetter
    overwriter: Overwriter
    clock_keeper: ClockKeeper
    checkpointer: Checkpointer
    week_reporter: WeekReporter
    announcer: Announcer
    files: FileLoop

    @property
    def loops(self) -> Mapping[str, Loop]:
        """Those that are drained at the end, by their names in the log."""
        return {
            "sender": self.sender,
            "decider": self.decider,
            **self.about_coupons,
            "batches": self.batch_work,
            "expirer": self.expirer,
            "reminder": self.reminder,
            "returner": self.returner,
            "forgetter": self.forgetter,
            "overwriter": self.overwriter,
            "clock": self.clock_keeper,
            "checkpointer": self.checkpointer,
            "week": self.week_reporter,
            "announcer": self.announcer,
            "files": self.files,
        }
