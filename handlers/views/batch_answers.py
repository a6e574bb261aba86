"""Ephemeral answers to people whose click on a batch changed nothing: why, and how it stands instead."""

from __future__ import annotations

from collections.abc import Mapping

from coupons.batches import Batch, BatchState
from coupons.model import ClickAction
from coupons.permissions import Reason
from coupons.recording import Recorded
from handlers.views.ephemerals import ABOUT_PERSON, NOTHING_CHANGED
from handlers.views.escaping import inert, message_link, person
from handlers.views.message import Message, message
from handlers.views.words import N_, Words

_STATES = {
    BatchState.DRAFT: N_("It is not submitted yet."),
    BatchState.PENDING: N_("It waits for approval now."),
    BatchState.APPROVED: N_("It is approved."),
    BatchState.RUNNING: N_("It is being sent."),
    BatchState.PAUSED: N_("It is paused."),
    BatchState.DONE: N_("It is done."),
    BatchState.CANCELLED: N_("It was cancelled."),
    BatchState.DECLINED: N_("It was declined."),
    BatchState.EXPIRED: N_("It has expired."),
    BatchState.DISCARDED: N_("It was discarded."),
}
#: Of an approver where the rule asks several groups.
_GROUPS: Mapping[str, str] = {
    Reason.GROUP_APPROVED: N_(
        "Batch {batch} has the approvals that your groups can give; it waits for somebody of another group."
    ),
    Reason.NOT_YOUR_TURN: N_(
        "Batch {batch} is approved by one group after the other, and those before yours come first."
    ),
    Reason.NEEDED_LATER: N_(
        "Only you are left to give a later approval of batch {batch}, and one person counts once. So "
        "somebody else has to give this one."
    ),
}
_OF_PREVIEW = frozenset({ClickAction.SUBMIT_BATCH, ClickAction.DISCARD_BATCH})
#: Its requester and its approvers may.
_OF_BOTH = frozenset({ClickAction.PAUSE_BATCH, ClickAction.RESUME_BATCH, ClickAction.CANCEL_BATCH})


def answer(words: Words, event: Recorded, batch: Batch | None, *, workspace_url: str = "") -> Message:
    """Told from a `click:refused`. `workspace_url`: where the workspace's messages have their links."""
    return message(words.sentences(words(NOTHING_CHANGED), _why(words, event, batch, workspace_url)))


def where_it_stands(words: Words, batch: Batch) -> str:
    """For who asked about something else, and has to know."""
    return words(_STATES[batch.state])


def _why(words: Words, event: Recorded, batch: Batch | None, workspace_url: str) -> str:
    reason, action = str(event.detail.get("reason")), event.detail.get("action")
    about_person = ABOUT_PERSON.get(reason)
    if about_person is not None:
        return words(about_person)
    if batch is None:
        return words("There is no such batch.")
    if reason == Reason.OTHER_CARD:
        return _other_card(words, action, batch, workspace_url)
    return _about_right(words, reason, action, batch) or _about_state(words, reason, action, batch)


def _about_right(  # noqa: PLR0911 - one return for each reason
    words: Words, reason: str, action: object, batch: Batch
) -> str:
    """Why this person may not; empty: somebody else could do it no better."""
    number, requester = batch.id, person(batch.requester)
    match reason:
        case Reason.SELF:
            own = words("Batch {batch} is your own, so somebody else must decide.", batch=number)
            return words.sentences(own, where_it_stands(words, batch))
        case Reason.NOT_AGENT:
            return words("You are not among those who may ask for coupons.")
        case Reason.NOT_APPROVER if action in _OF_BOTH:
            return words(
                "Only {requester}, who asked for batch {batch}, and those who may approve it can do that.",
                requester=requester,
                batch=number,
            )
        case Reason.NOT_APPROVER:
            return words(
                "You are not among those who may decide about batch {batch}. The card names who may.",
                batch=number,
            )
        case Reason.NOT_REQUESTER:
            return words(
                "Batch {batch} is not yours: only {requester} can do that.",
                batch=number,
                requester=requester,
            )
        case _ if reason in _GROUPS:
            return words(_GROUPS[reason], batch=number)
        case Reason.ALREADY_APPROVED if action == ClickAction.APPROVE_BATCH:
            return words(
                "You have approved batch {batch} already, and your approval counts once.", batch=number
            )
        case Reason.ALREADY_APPROVED:
            return words(
                "You have approved batch {batch} already, so you cannot decline it or strike out lines too.",
                batch=number,
            )
        case _:
            return ""


def _about_state(words: Words, reason: str, action: object, batch: Batch) -> str:
    number = batch.id
    match reason:
        case Reason.PAUSED:
            return words(
                "Sending is paused, so batch {batch} cannot be approved now. It can be once an approver has "
                "typed `/coupon resume`.",
                batch=number,
            )
        case Reason.DUPLICATE:
            return words(
                "The file {file} was submitted by another draft meanwhile. The preview says so now; what you "
                "click next counts.",
                file=inert(batch.file_name, 60),
            )
        case Reason.TOO_LATE if action == ClickAction.STRIKE_LINES and batch.state is BatchState.PENDING:
            return words(
                "None of these rows is a line of batch {batch} that waits for approval, or they are all of "
                "them: then decline it instead.",
                batch=number,
            )
        case _:
            late = words("Your click on batch {batch} came too late.", batch=number)
            return words.sentences(late, where_it_stands(words, batch))


def _other_card(words: Words, action: object, batch: Batch, workspace_url: str) -> str:
    of_preview = action in _OF_PREVIEW
    text = words(
        "This did not come from the message of batch {batch} as it stands now, but from an older one, which "
        "may be about another batch.",
        batch=batch.id,
    )
    channel, ts = (
        (batch.preview_channel, batch.preview_ts) if of_preview else (batch.card_channel, batch.card_ts)
    )
    if channel is None or ts is None:
        return words.sentences(text, words("The message itself does not stand yet."))
    label = words("the message of batch {batch}", batch=batch.id)
    return words.sentences(
        text, words("What counts is {card}.", card=message_link(workspace_url, channel, ts, label))
    )
