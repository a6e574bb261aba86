"""What somebody may have meant by a word that names nothing."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], n: int = 3) -> tuple[str, ...]:
    """At most `n` of `names` that `word` may stand for, best first: the start or a part of one, or a slip."""
    wanted = _comparable(word)
    if not wanted:
        return ()
    ranked = []
    for name in dict.fromkeys(names):
        candidate = _comparable(name)
        alike = difflib.SequenceMatcher(None, wanted, candidate).ratio()
        if candidate.startswith(wanted):
            ranked.append((0, -alike, name))
        elif len(wanted) > 1 and len(candidate) > 1 and (wanted in candidate or candidate in wanted):
            ranked.append((1, -alike, name))
        elif alike >= 0.6:  # noqa: PLR2004 - difflib's own cut-off for a close match
            ranked.append((2, -alike, name))
    return tuple(name for _, _, name in sorted(ranked, key=lambda found: found[:2])[:n])


def _comparable(name: str) -> str:
    # Cut, because difflib takes the square of the length, and the person who pastes a novel waits for an ack.
    return unicodedata.normalize("NFKC", name[:64]).casefold()
