"""What coupon.toml says of the words of a line, and its way to the process that reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from coupons.reasons import NO_REASONS, NOTHING_REQUIRED, NamedReason, Reasons, Required, Wording
from coupons.tickets import NO_TICKETS, TicketSystem


@dataclass(frozen=True, slots=True)
class LineWords:
    """Short names of reasons, one spelling of a ticket, and what must be there."""

    reasons: Reasons = NO_REASONS
    tickets: TicketSystem = NO_TICKETS
    required: Required = NOTHING_REQUIRED

    def dump(self) -> dict[str, Any]:
        return {
            "language": self.reasons.language,
            "reasons": [(each.name, each.wording.en, each.wording.zh) for each in self.reasons],
            "tickets": asdict(self.tickets),
            "required": asdict(self.required),
        }


def load_line_words(said: Mapping[str, Any]) -> LineWords:
    """What `LineWords.dump` said."""
    named = (NamedReason(name, Wording(en, zh)) for name, en, zh in said["reasons"])
    return LineWords(
        Reasons(named, language=said["language"]),
        TicketSystem(**said["tickets"]),
        Required(**said["required"]),
    )


#: Where coupon.toml says nothing of words.
ANY_WORDS: Final = LineWords()
