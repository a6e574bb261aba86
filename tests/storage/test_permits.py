"""A pause that was taken away and a link that nobody was given are named, and honest ones are whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coupons.absence import Absence
from coupons.absence_events import AbsenceBegan, AbsenceEnded
from coupons.audit_events import ConsoleLinkMade
from coupons.checkpointing import Posted, compare_posted
from coupons.events import SendingPaused, SendingResumed
from coupons.model import Pause
from coupons.ports import Transaction
from coupons.recording import SYSTEM
from storage.proof.verify import verify
from tests.storage.records import NOW, broken, tamper, written

UNTIL = NOW + 600_000


def pause(tx: Transaction, by: str = "U0WANG") -> None:
    tx.set_pause(Pause(by, NOW, "wrong stock"))
    tx.append(SendingPaused(reason="wrong stock").done_by(by))


def resume(tx: Transaction) -> None:
    tx.set_pause(None)
    tx.append(SendingResumed().done_by("U0LIU"))


def find_restored(tx: Transaction) -> None:
    compare_posted(tx, [Posted(99, "ab" * 32)], channel="C0AUDIT", now=NOW)


def link(tx: Transaction) -> None:
    tx.add_console_link(digest="ab" * 32, person="U0FIN", made_at=NOW, expires_at=UNTIL)
    tx.append(ConsoleLinkMade(expires_at=UNTIL).done_by("U0FIN"))
    tx.use_console_link("ab" * 32, NOW)


def away(tx: Transaction, until: int = UNTIL) -> None:
    tx.set_absence(Absence(person="U0WANG", deputy="U0LIU", began_at=NOW, until=until))
    tx.append(AbsenceBegan(until=until, deputy="U0LIU").done_by("U0WANG"))


def end_absence(tx: Transaction, actor: str) -> None:
    tx.end_absence("U0WANG")
    tx.append(AbsenceEnded(person="U0WANG" if actor == SYSTEM else None).done_by(actor))


LIVES = {
    "never paused": (),
    "paused": (pause,),
    "paused, and an older file found while it was": (pause, find_restored),
    "paused by what a start found": (find_restored,),
    "resumed": (pause, resume),
    "resumed, and paused by another": (pause, resume, lambda tx: pause(tx, "U0LIU")),
    "a link that was used": (link,),
    "away": (away,),
    "away for longer": (away, lambda tx: away(tx, UNTIL + 1)),
    "back": (away, lambda tx: end_absence(tx, "U0WANG")),
    "back by time": (away, lambda tx: end_absence(tx, SYSTEM)),
    "away again": (away, lambda tx: end_absence(tx, SYSTEM), away),
}


@pytest.mark.parametrize("life", LIVES)
def test_what_the_bot_writes_is_whole(tmp_path: Path, life: str) -> None:
    verify(written(tmp_path / "coupon.db", *LIVES[life]))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("permits")
    for name, life in LIVES.items():
        written(folder / f"{name}.db", *life)
    return folder


TAKEN = {
    "a pause taken away": ("paused", "delete from pause", "U0WANG paused sending, nobody resumed it"),
    "a start's pause taken away": (
        "paused by what a start found",
        "delete from pause",
        "system paused sending, nobody resumed it",
    ),
    "a pause that nobody made": (
        "resumed",
        f"insert into pause values (1, 'U0LI', {NOW}, '')",
        "paused by U0LI, and no event tells of it",
    ),
    "a pause by somebody else": ("paused", "update pause set by = 'U0LI'", "paused by U0WANG, and its row"),
    "a pause of another day": ("paused", "update pause set at = at - 86400000", "paused by U0WANG, and its"),
    "another deputy": ("away", "update absence set deputy = 'U0LI'", "U0WANG is away, and has a row with"),
    "an absence prolonged": ("away for longer", "update absence set until = until + 1", "another time"),
    "an absence taken away": ("away again", "delete from absence", "U0WANG is away, and has no row"),
    "an absence that nobody told": (
        "back by time",
        f"insert into absence values ('U0WANG', null, {NOW}, {UNTIL})",
        "U0WANG is away, and no event says so",
    ),
    "a link for an intruder": (
        "a link that was used",
        f"insert into console_link values ('{'cd' * 32}', 'U0X', {NOW}, {UNTIL}, null)",
        "a link to the console is U0X's, and no event tells of its making",
    ),
    "a link that lasts": (
        "a link that was used",
        "update console_link set expires_at = expires_at * 2, used_at = null",
        "a link to the console is U0FIN's, and no event",
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_no_event_tells_of_is_named(files: Path, tmp_path: Path, what: str) -> None:
    life, statement, sentence = TAKEN[what]
    log = Path(shutil.copy(files / f"{life}.db", tmp_path))
    tamper(log, statement)
    kind, found = broken(log)
    assert kind in {"pause", "console_link", "absence"}
    assert sentence in found
