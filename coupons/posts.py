"""What Slack must be told, promised in the same transaction as what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: A promise that is due later than this from now was put off by a clock that was wrong: it is due.
LONGEST_PAUSE_MS: Final = 300_000
#: The last approval waits for so long to be told in one reply with what WeChat Pay says.
RESULT_WITHIN_MS: Final = 3_000
#: Of lines that end after their batch, one by one, so much is told in one file.
LATE_LINES_MS: Final = 60_000


class PostKind(StrEnum):
    """What the announcer has to tell Slack."""

    #: The card of a request: posted once, redrawn ever after. All waiting redraws are one.
    CARD = "card"
    #: A standing card drawn anew because of what stands beside its row: soon, and before nobody else's post.
    REDRAW = "redraw"
    #: A reply in the card's thread, told from an event.
    REPLY = "step"
    #: A direct message to `person`, told from an event.
    DIRECT = "notice"
    #: An ephemeral answer to `person` in `channel`, told from an event.
    ANSWER = "answer"
    #: A message about no request in particular, told from an event; `channel` None: the approval channel.
    NEWS = "news"
    #: A file to `person`: what they asked for stands in an event, its rows are read when it is made.
    FILE = "file"
    #: The card of a batch, as `CARD`.
    BATCH_CARD = "batch_card"
    #: The requester's preview of a draft, as a direct message: posted once, redrawn ever after.
    PREVIEW = "preview"
    #: The file of the lines that a draft leaves out, and why, to its requester: after the preview.
    LEFT_OUT = "left_out"
    #: The file of a batch's lines for those who decide, into the thread of the card in `channel`.
    LINES = "lines"
    #: What a week came to, in words and as a picture, to `person`, who approves; its days stand in an event.
    WEEK = "week"
    #: What became of a batch's lines, as files: to `person`, or into the thread of the card in `channel`.
    RESULT = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A promise to tell Slack something, kept in the same transaction as what it tells.

    It holds no text: the words are drawn from the rows at the moment of posting.
    """

    kind: PostKind
    request_id: int | None
    #: The event it tells; None for cards.
    seq: int | None = None
    person: str | None = None
    channel: str | None = None
    #: Of a reply on what WeChat Pay said: the `seq` of the last approval, which it tells first.
    approval_seq: int | None = None
    #: The batch it is about, where it is about no request.
    batch: int | None = None

    @property
    def key(self) -> str:
        """The same promise has the same key."""
        if self.kind in {PostKind.CARD, PostKind.REDRAW}:
            return f"{self.kind}:{self.request_id}"
        if self.kind in {PostKind.RESULT, PostKind.LINES} and self.channel:
            return f"{self.kind}:{self.batch}:{self.channel}"
        if self.kind in {PostKind.BATCH_CARD, PostKind.PREVIEW, PostKind.LEFT_OUT, PostKind.RESULT}:
            return f"{self.kind}:{self.batch}"
        if self.kind is PostKind.NEWS and self.channel:
            # The same news may be told in two channels.
            return f"{self.kind}:{self.seq}:{self.channel}"
        if self.kind is PostKind.WEEK or (self.kind is PostKind.DIRECT and self.request_id is None):
            # Several may be told of one: of an absence, who is asked to stand in, and who is no longer.
            return f"{self.kind}:{self.seq}:{self.person}"
        return f"{self.kind}:{self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPost:
    """A post as it waits in the outbox."""

    id: int
    post: Post
    #: Grows when the same promise is renewed while it waits.
    version: int
    tries: int
    #: It was being posted when its outcome got lost: look before posting again.
    maybe_posted: bool
    #: When the promise was first made; a search in Slack starts a little before.
    promised_at: int
    #: The card of its request or batch stands already.
    card_stands: bool = False

    @property
    def lane(self) -> str:
        """What one of Slack's limits holds for, as `storage.outbox` writes it, too: posts in one channel,
        those to one person, and all cards that are drawn anew. The approval channel is the empty one.

        A lane waits for no other one. But a reply waits for its card, wherever that is drawn.
        """
        is_card = self.post.kind in {PostKind.CARD, PostKind.BATCH_CARD}
        if self.post.kind is PostKind.REDRAW or (is_card and self.card_stands):
            return f"{PostKind.REDRAW}/"
        return f"{self.post.channel or ''}/{self.post.person or ''}"

    @property
    def metadata_id(self) -> str:
        """Goes into the message's metadata, by which a post is found again."""
        return f"{self.id}.{self.post.key}"


@dataclass(frozen=True, slots=True)
class Backlog:
    """Posts of one kind that wait: how many, and when the oldest was promised."""

    count: int
    oldest_at: int
