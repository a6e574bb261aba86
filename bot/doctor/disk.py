"""What of this machine's files works: secret files, and the database, which is only read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.clock import utc_ms
from bot.config.settings import SlackSettings, WechatpaySettings
from bot.doctor.findings import Finding
from bot.mounts import problem_of_mount
from coupons.audit_words import EVERYTHING
from storage.checkpoints import key_file, load_key, public_text
from storage.database import one_moment
from storage.errors import CheckpointRefused, DatabaseRefused
from storage.migrations import LATEST
from storage.store import Store

_SECRETS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "WECHATPAY_PRIVATE_KEY",
    "WECHATPAY_APIV3_KEY",
)
_CHECK = "database"


def examine_secret_files(parts: Iterable[SlackSettings | WechatpaySettings]) -> Iterator[Finding]:
    """Files that anybody on the machine may read."""
    named = {name: path for part in parts for name in _SECRETS if (path := part.file(name)) is not None}
    open_to_all = {name: path for name, path in named.items() if _others_may_read(path)}
    for name, path in open_to_all.items():
        yield Finding.warn(
            "file modes", f"{name}_FILE ({path}) may be read by everybody here", f"chmod o= {path}"
        )
    if named and not open_to_all:
        yield Finding.ok("file modes", f"{len(named)} secret files, none readable by everybody")


def examine_database(path: Path) -> Iterator[Finding]:
    """As `audit verify` opens it, so that a bot may run meanwhile; only the newest event is read."""
    if not path.exists():
        yield _missing(path)
        return
    if problem := problem_of_mount(path):
        yield Finding.of_sentence(_CHECK, problem, "mount the folder")
    try:
        version = _version(path)
        with Store(path, clock=utc_ms).read() as rows:
            newest = rows.events_of_found(EVERYTHING, limit=1)
    except DatabaseRefused as error:
        yield Finding.of_sentence(_CHECK, str(error), "coupon-bot audit verify tells more")
        return
    if version < LATEST:
        yield Finding.warn(
            _CHECK,
            f"{path} has schema version {version} of {LATEST}",
            "coupon-bot migrate; run does so itself",
        )
    # SQLite makes its -wal and -shm files in the folder.
    lacking = [str(place) for place in (path, path.absolute().parent) if not os.access(place, os.W_OK)]
    if lacking:
        yield Finding.fail(
            _CHECK, f"{' and '.join(lacking)} cannot be written", "give them to the user that runs the bot"
        )
    if _others_may_read(path):
        yield Finding.warn(
            _CHECK, f"{path}, which holds openids, may be read by everybody here", f"chmod o= {path}"
        )
    head = f"{newest[-1].seq} events, the newest {newest[-1].tag}" if newest else "no event yet"
    yield Finding.ok(_CHECK, f"{path}, schema version {version}, {head} (coupon-bot audit verify proves all)")


def examine_checkpoint_key(path: Path) -> Iterator[Finding]:
    """What `audit checkpoint` signs with; nothing where it has not been used yet."""
    if not key_file(path).exists():
        return
    try:
        key = load_key(path)
    except CheckpointRefused as error:
        cure = "without it no further checkpoint can be signed"
        yield Finding.of_sentence("checkpoint key", str(error), cure)
        return
    yield Finding.ok("checkpoint key", f"auditors check with the public key {public_text(key)}")


def _missing(path: Path) -> Finding:
    folder = path.absolute().parent
    if os.access(folder, os.W_OK):
        cure = "none for a new bot: run makes it; else name it with COUPON_DATABASE"
        return Finding.warn(_CHECK, f"{path} is not there yet", cure)
    return Finding.fail(
        _CHECK,
        f"{path} is not there, and nothing can be made in {folder}",
        "make the folder, for the bot's user",
    )


def _version(path: Path) -> int:
    """Raises DatabaseRefused."""
    with one_moment(path) as database:
        return int(database.execute("pragma user_version").fetchone()[0])


def _others_may_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
