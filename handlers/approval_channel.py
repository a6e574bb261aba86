"""Whether the approval channel takes posts, by what the last one came to.

Nothing is lost with it: what is promised to it waits in the outbox, in its order. But nobody may be told
that a card stands or that somebody was called while it cannot be so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from handlers.views.channel_loss import ChannelLoss, Lost

#: Slack's answers to a post that say nothing about the message: the next one would come to the same.
_LOSSES: Final[Mapping[str, ChannelLoss]] = {
    "not_in_channel": ChannelLoss.NOT_A_MEMBER,
    "channel_not_found": ChannelLoss.NOT_VISIBLE,
    "is_archived": ChannelLoss.ARCHIVED,
    "posting_to_channel_denied": ChannelLoss.POSTING_RULES,
    "no_permission": ChannelLoss.POSTING_RULES,
    "missing_scope": ChannelLoss.NO_ACCESS,
    "access_denied": ChannelLoss.NO_ACCESS,
    "account_inactive": ChannelLoss.NO_ACCESS,
    "ekm_access_denied": ChannelLoss.NO_ACCESS,
    "invalid_auth": ChannelLoss.NO_ACCESS,
    "not_authed": ChannelLoss.NO_ACCESS,
    "org_login_required": ChannelLoss.NO_ACCESS,
    "team_access_not_granted": ChannelLoss.NO_ACCESS,
    "token_expired": ChannelLoss.NO_ACCESS,
    "token_revoked": ChannelLoss.NO_ACCESS,
}
#: `restricted_action`, and its kinds: `restricted_action_read_only_channel`, `..._thread_only_channel`, ...
_POSTING_RULES: Final = "restricted_action"
#: These a look at the channel shows too; of posting rules and scopes only a post can tell.
_SEEN_BY_A_CHECK: Final = frozenset({ChannelLoss.NOT_A_MEMBER, ChannelLoss.NOT_VISIBLE, ChannelLoss.ARCHIVED})


def loss_of(code: str) -> ChannelLoss | None:
    """What Slack's error code means for the channel; None: it is about the one message or moment."""
    if code.startswith(_POSTING_RULES):
        return ChannelLoss.POSTING_RULES
    return _LOSSES.get(code)


class ApprovalChannel:
    """`on_change` hears of each loss and, with None, of its end.

    `pauses_s`: between two posts while they are refused, by how many were.
    """

    def __init__(
        self, channel: str, *, pauses_s: Sequence[float], on_change: Callable[[Lost | None], object]
    ) -> None:
        self.id = channel
        self._pauses_s = pauses_s
        self._on_change = on_change
        self._loss: ChannelLoss | None = None
        self._refusals = 0
        #: Not only the change of a message was refused.
        self._post_refused = False

    @property
    def lost(self) -> Lost | None:
        """None: as far as is known, it takes posts."""
        return Lost(self.id, self._loss) if self._loss is not None else None

    @property
    def refusals(self) -> int:
        """Posts and changes refused since one was taken."""
        return self._refusals

    def took(self, *, post: bool = True) -> None:
        """A post stands; or, not `post`, a message was changed: a channel may take that and no posts."""
        if self._post_refused and not post:
            return
        self._refusals, self._post_refused = 0, False
        self._change(None)

    def refused(self, loss: ChannelLoss, *, post: bool = True) -> float:
        """A post or change was not taken. Returns the seconds after which to try again."""
        self._post_refused = self._post_refused or post
        pause_s = self._pauses_s[min(self._refusals, len(self._pauses_s) - 1)]
        self._refusals += 1
        self._change(loss)
        return pause_s

    def seen(self, loss: ChannelLoss | None) -> bool:
        """What a look at the channel showed; True when it is worth posting at once."""
        if loss is not None:
            self._change(loss)
            return False
        if self._loss not in _SEEN_BY_A_CHECK:
            return False
        self.took()
        return True

    def _change(self, loss: ChannelLoss | None) -> None:
        if loss is not self._loss:
            self._loss = loss
            self._on_change(self.lost)
