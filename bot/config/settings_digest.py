"""Which settings differ from those of the last start: names and keyed digests, never a value.

A digest of a short value could be guessed by trying; so it is keyed with what only the bot's machine has.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from pydantic import SecretStr

from bot.config.settings import Settings
from bot.config.toml_tables import tables_of
from coupons.audit_words import Filter
from coupons.events import SettingsChanged, Tag
from coupons.ports import Transaction
from coupons.recording import SYSTEM

_DIGITS: Final = 16
_PURPOSE: Final = b"coupon-bot settings digest v1"


def digests(settings: Settings, *, key: bytes) -> Mapping[str, str]:
    """By the setting's name: `WECHATPAY_MCHID`, `limits.per_customer.count`, `rule.2.approvals`."""
    values = {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if value is not None
    }
    values |= dict(_flat("", tables_of(settings.coupon_config)))
    own = hmac.digest(key, _PURPOSE, sha256)
    return {
        name: hmac.new(own, f"{name}={value}".encode(), sha256).hexdigest()[:_DIGITS]
        for name, value in sorted(values.items())
    }


def tell_changes(tx: Transaction, now: Mapping[str, str]) -> None:
    """An event when anything differs from the last one's; part of the start's transaction."""
    last = tx.find_events(Filter(tag=Tag.SETTINGS_CHANGED), limit=1)
    kept = last[0].detail.get("digests") if last else None
    before = kept if isinstance(kept, dict) else {}
    added = sorted(now.keys() - before.keys())
    removed = sorted(before.keys() - now.keys())
    changed = sorted(name for name in now.keys() & before.keys() if now[name] != before[name])
    if not (added or removed or changed):
        return
    # At the first start everything is new, and says nothing.
    event = SettingsChanged(added=added if before else [], removed=removed, changed=changed, digests=now)
    tx.append(event.done_by(SYSTEM))
    # Cards name who may decide, in the language that the settings ask for.
    tx.redraw_open_cards()


def _flat(place: str, value: Any) -> list[tuple[str, object]]:
    """Tables by their keys, lists of tables by their number from 1; other lists are one value."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in _flat(f"{place}{key}.", inner)]
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [found for n, inner in enumerate(value, 1) for found in _flat(f"{place}{n}.", inner)]
    return [(place.rstrip("."), value)]
