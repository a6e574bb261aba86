"""What is said when we ourselves fail, or Slack does. Ephemeral, for whoever typed or clicked."""

from __future__ import annotations

from coupons.errors import StorageLost
from handlers.views.escaping import code
from handlers.views.message import Message, message
from handlers.views.words import Words


def something_went_wrong(words: Words, reference: str) -> Message:
    """A fault of ours, which the log has under this reference."""
    return message(
        words(
            "Something went wrong on my side, and I do not know whether this was kept. Please look with "
            "`/coupon list` before you type it again. If it keeps happening, give an operator this "
            "reference: {reference}",
            reference=code(reference),
        )
    )


def not_sure_it_was_kept(words: Words, error: BaseException | None = None) -> Message:
    """The database did not answer in time: the change may have been kept all the same."""
    if isinstance(error, StorageLost):
        return database_lost(words)
    return message(
        words(
            "I could not make sure in time that this was kept. Please look with `/coupon list` in a minute, "
            "before you type it again."
        )
    )


def database_lost(words: Words) -> Message:
    """Its file went from under the bot; trying again is of no use before an operator has acted."""
    return message(
        words(
            "Nothing was done: the file of my database is not in its place, so I record nothing and send no "
            "coupon. Please tell an operator, and type it again when they have put it back."
        )
    )


def slack_did_not_answer(words: Words) -> Message:
    """Who somebody is could not be asked; nothing was kept."""
    return message(
        words(
            "Nothing was done: Slack did not tell me who is in which group. Please type it again in a minute."
        )
    )


def not_kept_click_again(words: Words) -> Message:
    """A click that may not be on disk; doing it again is safe, because a decision counts once."""
    return message(words("I could not make sure that this was kept. Please try again: it counts only once."))


def form_did_not_open(words: Words, number: int) -> Message:
    """Slack's trigger was too old, or Slack was busy."""
    return message(
        words(
            "The form for declining request #{number} did not open. Please click Decline again.",
            number=number,
        )
    )


def talk_form_did_not_open(words: Words, number: int) -> Message:
    """As `form_did_not_open`."""
    return message(
        words("The form for request #{number} did not open. Please click the button again.", number=number)
    )


def nothing_smaller(words: Words, number: int) -> Message:
    """Of whatever stock the request is for by now."""
    return message(words("No coupon of the catalogue is worth less than request #{number}.", number=number))


def nothing_to_answer(words: Words, number: int) -> Message:
    """The button is older than what the database holds."""
    return message(words("There is no such question about request #{number} (any more).", number=number))


def send_form_did_not_open(words: Words) -> Message:
    """Slack's trigger was too old, or Slack was busy."""
    return message(words("The form did not open. Nothing was asked for: please try again."))


def batch_form_did_not_open(words: Words, number: int) -> Message:
    """As `form_did_not_open`."""
    return message(
        words("The form for batch {batch} did not open. Please click the button again.", batch=number)
    )
