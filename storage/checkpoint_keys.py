"""Which keys may have signed a checkpoint of this log: the present one, and those that events tie to it.

A change of the key is an event. The old key signs it, and names the new one; where the old one is lost the
new one signs it, and names the lost: then nothing vouches for what the lost key signed but Slack, which says
that the bot posted it, and the log, which must hold it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from coupons.audit_events import AuditKeyChanged
from coupons.audit_ports import AuditSearch
from coupons.audit_words import Filter
from coupons.events import Tag
from coupons.recording import Json
from storage.checkpoints import Checkpoint, key_name, public_text, read_public, was_signed_by
from storage.errors import AuditBroken, CheckpointRefused

#: A key is changed once in years.
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Keys:
    """`known` by their names; of those that are `lost` there are the names alone."""

    present: str
    known: Mapping[str, Ed25519PublicKey]
    lost: frozenset[str]

    def vouch_for(self, checkpoint: Checkpoint) -> bool:
        """One of these keys signed it."""
        key = self.known.get(checkpoint.key)
        return key is not None and was_signed_by(checkpoint, key)


def changed(
    key: Ed25519PrivateKey, *, before: Ed25519PrivateKey | None = None, lost: Sequence[str] = ()
) -> AuditKeyChanged:
    """The event of a new `key`, signed by the one `before` it, or by itself when those before are `lost`."""
    public, old = public_text(key), None if before is None else public_text(before)
    signature = (key if before is None else before).sign(_signed(public, old, lost)).hex()
    return AuditKeyChanged(key=public, before=old, lost=sorted(lost), signature=signature)


def keys_of(rows: AuditSearch, present: Ed25519PublicKey) -> Keys:
    """All that the log's events tie to the `present` key, or to the one that an auditor brings."""
    changes = [each.detail for each in rows.find_events(Filter(tag=Tag.AUDIT_KEY_CHANGED), limit=_MOST)]
    name = key_name(present)
    known, lost = {name: present}, set[str]()
    # A key that nobody has yet may be tied to one that the next round finds.
    while True:
        found = {key_name(key): key for detail in changes for key in _tied(detail, known)}
        if found.keys() <= known.keys():
            break
        known |= found
    for detail in changes:
        lost.update(_lost(detail, known))
    return Keys(name, known, frozenset(lost - known.keys()))


def check(checkpoint: Checkpoint, there: str | None, keys: Keys, *, by_us: bool = False) -> bool:
    """The log still holds it; False when it says nothing of this log, as somebody else signed it.

    `there` is the hash of that event in the log; `by_us`: Slack says that this bot posted it. Raises
    AuditBroken: `checkpoint` it was edited; `tail` the log ends before it; `rewritten` the log tells another
    story; `checkpoint_key` the key was changed, and no event tells of it.
    """
    key = keys.known.get(checkpoint.key)
    if key is not None and not was_signed_by(checkpoint, key):
        raise AuditBroken(
            "checkpoint", f"the checkpoint of #{checkpoint.seq} was edited: its signature does not hold"
        )
    is_tied = key is not None or checkpoint.key in keys.lost
    if not is_tied and not by_us:
        return False
    # Whoever signed it: this bot posted it then, and the log must hold it.
    _compare(checkpoint, there)
    if not is_tied:
        raise AuditBroken(
            "checkpoint_key",
            f"the checkpoint of #{checkpoint.seq}, posted by this bot, names the key {checkpoint.key}; this "
            f"one is {keys.present}, and no event tells of the change. Put the old key's file back; if it is "
            f"lost, `coupon-bot audit checkpoint --lost-key {checkpoint.key}` says so in the log",
        )
    return True


def _compare(checkpoint: Checkpoint, there: str | None) -> None:
    if there is None:
        raise AuditBroken(
            "tail",
            f"the log has no #{checkpoint.seq}, which was signed at {checkpoint.at}: its end was cut off, or "
            "an older file was put back",
        )
    if there != checkpoint.hash:
        raise AuditBroken(
            "rewritten",
            f"event #{checkpoint.seq} is not the one signed at {checkpoint.at}: the log was written anew",
        )


def _tied(detail: Mapping[str, Json], known: Mapping[str, Ed25519PublicKey]) -> Iterable[Ed25519PublicKey]:
    """Both keys of a change, when the old one signed it and one of the two is known."""
    key, before = _public(detail.get("key")), _public(detail.get("before"))
    if key is None or before is None or not _holds(detail, before):
        return ()
    return (key, before) if {key_name(key), key_name(before)} & known.keys() else ()


def _lost(detail: Mapping[str, Json], known: Mapping[str, Ed25519PublicKey]) -> Iterable[str]:
    """What a known key says was lost before it."""
    key = _public(detail.get("key"))
    if key is None or detail.get("before") is not None or key_name(key) not in known:
        return ()
    return _names(detail) if _holds(detail, key) else ()


def _holds(detail: Mapping[str, Json], signer: Ed25519PublicKey) -> bool:
    before = detail.get("before")
    signed = _signed(str(detail.get("key")), None if before is None else str(before), _names(detail))
    try:
        signer.verify(bytes.fromhex(str(detail.get("signature"))), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _names(detail: Mapping[str, Json]) -> Sequence[str]:
    lost = detail.get("lost")
    return [str(each) for each in lost] if isinstance(lost, list) else []


def _public(text: Json) -> Ed25519PublicKey | None:
    try:
        return read_public(text) if isinstance(text, str) else None
    except CheckpointRefused:
        return None


def _signed(key: str, before: str | None, lost: Sequence[str]) -> bytes:
    """The exact text under the signature."""
    names = ",".join(sorted(lost)) or "-"
    return f"coupon-checkpoint-key v1 key={key} before={before or '-'} lost={names}".encode()
