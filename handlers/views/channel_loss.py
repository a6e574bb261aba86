"""Why the approval channel takes no posts, and what would change that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from handlers.views.escaping import channel
from handlers.views.words import N_, Words


class ChannelLoss(StrEnum):
    """What stands between the bot and the approval channel."""

    NOT_A_MEMBER = "not_a_member"
    NOT_VISIBLE = "not_visible"
    ARCHIVED = "archived"
    POSTING_RULES = "posting_rules"
    NO_ACCESS = "no_access"


@dataclass(frozen=True, slots=True)
class Lost:
    """The approval channel, and what became of it."""

    channel: str
    loss: ChannelLoss


_WHY: Final[Mapping[ChannelLoss, str]] = {
    ChannelLoss.NOT_A_MEMBER: N_(
        "The bot is not in {channel}: somebody who is has to type `/invite` and the bot's name there."
    ),
    ChannelLoss.NOT_VISIBLE: N_(
        "Slack shows the bot no channel {channel}: it was deleted, or is private and the bot was not invited."
    ),
    ChannelLoss.ARCHIVED: N_(
        "{channel} is archived: somebody has to take it back into use, or an operator name another in "
        "coupon.toml."
    ),
    ChannelLoss.POSTING_RULES: N_(
        "Slack lets the bot post nothing in {channel}: the rules of who may post there have to name it."
    ),
    ChannelLoss.NO_ACCESS: N_(
        "Slack refuses the bot's own access, so that it posts nothing in {channel}: an operator has to look "
        "at its token and scopes."
    ),
}


def for_log(lost: Lost) -> str:
    """For the operator, in English and with the channel's id."""
    return _WHY[lost.loss].format(channel=lost.channel)


def not_posted(words: Words, lost: Lost) -> str:
    """Why, and what becomes of what is promised to the channel meanwhile."""
    why = words(_WHY[lost.loss], channel=channel(lost.channel))
    return words.sentences(why, words("It is kept, and is posted by itself after that."))
