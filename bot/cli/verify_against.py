"""What `coupon-bot audit verify --against` names: earlier exports and checkpoints, held beside the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.cli.options import pasted
from coupons import days
from coupons.encodings import encoding_of
from storage.checkpoint_keys import check, keys_of
from storage.checkpoints import Checkpoint, found_in, key_file, load_key
from storage.errors import AuditBroken, CheckpointRefused
from storage.export import is_export
from storage.store import Store

_CHANNEL: Final = "channel"
_CHECKPOINT: Final = "coupon-checkpoint v1 "


def held(store: Store, what: str, key: Ed25519PublicKey | None, *, part: bool) -> Iterator[str]:
    """A sentence for each thing that the log holds. Raises AuditBroken, and what else `verify` refuses."""
    if not what:
        raise CheckpointRefused("--against names nothing; name a file, a checkpoint, - or channel")
    if what not in {_CHANNEL, "-"} and not what.startswith(_CHECKPOINT) and is_export(Path(what)):
        count = store.verify_against(Path(what), part=part)
        yield f"{what}: all {count} rows stand in the log, unchanged"
        return
    yield from _signed(store, list(_checkpoints(what)), key)


def _checkpoints(what: str) -> Iterator[tuple[Checkpoint, bool]]:
    """Each that stands there, and whether Slack says that this bot posted it."""
    if what == _CHANNEL:
        # Here, since it loads Slack's library, and without the channel none of it is needed.
        from bot.cli.audit_channel import channel_texts  # noqa: PLC0415

        for text in channel_texts():
            yield from ((found, text.by_us) for found in found_in(text.text))
        return
    yield from ((found, False) for found in found_in(_text(what)))


def _text(what: str) -> str:
    if what.startswith(_CHECKPOINT):
        return what
    if what == "-":
        return pasted()
    # It was read a moment ago, to see that it is no export.
    raw = Path(what).read_bytes()
    return raw.decode(encoding_of(raw), errors="replace")


def _signed(
    store: Store, found: Sequence[tuple[Checkpoint, bool]], key: Ed25519PublicKey | None
) -> Iterator[str]:
    if not found:
        raise CheckpointRefused("no checkpoint stands in that text; one begins with `coupon-checkpoint v1`")
    if key is None and not key_file(store.path).exists():
        raise CheckpointRefused(f"{key_file(store.path)} is not there; name the public key with --key")
    checked_with = load_key(store.path).public_key() if key is None else key
    with store.read() as rows:
        keys = keys_of(rows, checked_with)
        there = {checkpoint.seq: rows.hash_of(checkpoint.seq) for checkpoint, _ in found}
    others = 0
    for checkpoint, by_us in found:
        if check(checkpoint, there[checkpoint.seq], keys, by_us=by_us):
            at = days.moment(checkpoint.at)
            signed = checkpoint.at if at is None else days.written(at)
            lost = f"; its key {checkpoint.key} is lost, so its signature is not looked at"
            yield (
                f"checkpoint of #{checkpoint.seq}, signed {signed}: the log still holds it"
                f"{lost if checkpoint.key in keys.lost else ''}"
            )
        else:
            # Another bot, or anybody, can post its own beside ours: that says nothing of this log.
            others += 1
            yield f"checkpoint of #{checkpoint.seq} names another key ({checkpoint.key}): not looked at"
    if others == len(found):
        raise AuditBroken(
            "checkpoint_key",
            f"the checkpoint of #{checkpoint.seq} names the key {checkpoint.key}; this one is {keys.present}",
        )
