"""Answers to `/coupon ...`: what was understood, and what came of it. Ephemeral, for whoever typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coupons.model import Approval, Request, State, Stock
from coupons.money import yuan
from coupons.policy import Limit, Reason
from handlers.cleaning import Undone
from handlers.parsing import Misread
from handlers.views import card, misreads, stocks
from handlers.views.marks import channel, code, inert, masked, own_words, person, without_openids
from handlers.views.message import Message, context, message, quote, section
from handlers.views.modals import REASON_LONGEST
from handlers.views.standing import standing

_LISTED = 20

_UNDONE = {
    Undone.FULL_WIDTH: "I read full-width letters and digits as ordinary ones.",
    Undone.INVISIBLE: "I left out invisible characters.",
    Undone.WRAPPING_MARKS: "I left out quotes or marks round a word.",
    Undone.SPACES: "I read line breaks and unusual spaces as plain spaces.",
    Undone.LINK: "Slack had made a link or a mention of something; I took the text that you saw.",
    Undone.DASHES: "I left out dashes before the command.",
    Undone.ELLIPSIS: "I read … as three full stops.",
}


# --- /coupon send


def submitted(request: Request, undone: Sequence[Undone], *, approval_channel: str) -> Message:
    """What was understood. A repeated delivery gets the same words, so they claim nothing that can change."""
    read = (
        f"I read: customer {code(masked(request.openid))}, stock *{inert(request.stock_name)}* "
        f"({code(request.stock_id)}), {yuan(request.value_fen)}."
    )
    needs = _needs(request, channel(approval_channel))
    corrected = " ".join(_UNDONE[kind] for kind in undone)
    check = f"{corrected} Please check that customer and stock are right." if corrected else ""
    withdraw = f"Something wrong? `/coupon cancel {request.id}` withdraws it until sending begins."
    reason = own_words(request.reason, request.openid)
    said = f"Reason: {reason}" if request.reason else "No reason stated."
    return message(
        " ".join(part for part in (read, needs, check, said) if part),
        section(read),
        quote("Reason", request.reason, hide=request.openid) if request.reason else section(said),
        section(f"{needs}\n{check}" if check else needs),
        context(withdraw),
    )


def _needs(request: Request, where: str) -> str:
    if request.approvals_needed == 1:
        return f"Request #{request.id} needs 1 approval; its card goes to {where}."
    return f"Request #{request.id} needs {request.approvals_needed} approvals; its card goes to {where}."


def misread(misread: Misread, catalogue: Iterable[Stock]) -> Message:
    """Nothing was done: what was read, what is wrong, what would be right."""
    return message(misreads.sentence(misread, catalogue))


def unknown_stock(word: str, catalogue: Iterable[Stock]) -> Message:
    """The nearest stocks, or all where they are few."""
    read = f"I read the stock {code(without_openids(word), limit=60)}, which is not in the catalogue."
    near = stocks.choice(word, catalogue)
    if not near:
        return message(f"{read} No stock has a name like it. An operator keeps the list in coupon.toml.")
    return message(f"{read} Did you mean one of these?\n{stocks.listing(near)}")


def command_refused(reason: Reason, *, limit: Limit | None = None) -> Message:
    """No request was made, and why."""
    return message(f"No request was made. {_refusal(reason, limit)}")


def _refusal(reason: Reason, limit: Limit | None) -> str:
    match reason:
        case Reason.CUSTOMER_LIMIT if limit is not None:
            return (
                f"This customer has reached the limit of {limit.count} in {_days(limit.days)}; requests "
                "that are still open count too. A lead can tell you what else to offer."
            )
        case Reason.AGENT_LIMIT if limit is not None:
            return (
                f"You have reached your limit of {limit.count} requests in {_days(limit.days)}; those that "
                "are still open count too. Please ask a lead."
            )
        case Reason.CUSTOMER_LIMIT | Reason.AGENT_LIMIT:
            return "A limit is reached. A lead can tell you which, and what else to offer."
        case Reason.NOT_AGENT:
            return (
                "You are not among those who may ask for coupons. An operator can add you to the role "
                "`agents`."
            )
        case Reason.OUTSIDER:
            return (
                "You are here from another company or workspace, and only people of this one may ask for "
                "coupons."
            )
        case _:
            return "This account may not ask for coupons."


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


# --- /coupon status, list, cancel, retry


def status(request: Request, approvals: Sequence[Approval]) -> Message:
    """The card without its buttons, and like it without the coupon code: anybody may ask."""
    return card.without_buttons(request, approvals)


def open_list(requests: Sequence[Request]) -> Message:
    """One's own requests that are not finished, newest first."""
    if not requests:
        return message("You have no open requests. `/coupon status 12` shows a finished one by its number.")
    lines = [_line(request) for request in requests[:_LISTED]]
    heading = f"Your open requests: {len(lines)}"
    if len(requests) >= _LISTED:
        heading = f"Your newest {len(lines)} open requests"
    shown = [section(line) for line in lines]
    return message("\n".join([heading, *lines]), section(f"*{heading}*"), *shown)


def _line(request: Request) -> str:
    now = standing(request)
    return (
        f"*#{request.id}* {now.mark} {now.headline}: {inert(request.stock_name, 40)} "
        f"({yuan(request.value_fen)}) for {code(masked(request.openid))}"
    )


def cancelled(request: Request) -> Message:
    """It is withdrawn."""
    return message(f"Request #{request.id} is withdrawn. The customer gets no coupon from it.")


def cannot_cancel(reason: Reason, request: Request) -> Message:
    """It was not withdrawn, and why."""
    now = standing(request)
    where = f"Where it stands: {now.headline}. {now.details}"
    match reason:
        case Reason.NOT_REQUESTER:
            return message(
                f"Request #{request.id} is not yours: only {person(request.requester)} can withdraw it. "
                "Approvers can decline it on its card while it waits."
            )
        case Reason.SENDING_BEGAN:
            return message(f"Request #{request.id} cannot be withdrawn any more: sending has begun. {where}")
        case _ if request.state is State.CANCELLED:
            return message(f"Request #{request.id} is withdrawn already. {where}")
        case _:
            return message(f"Request #{request.id} cannot be withdrawn any more. {where}")


def no_such_request(number: int) -> Message:
    """Nothing was done."""
    return message(f"There is no request {code(f'#{number}')}. `/coupon list` shows your open ones.")


def checking(number: int) -> Message:
    """A retry is kept and will be judged in a moment; its answer comes by itself."""
    return message(f"I am checking whether request #{number} can be retried. The answer comes in a moment.")


# --- /coupon help


def help_text(catalogue: Iterable[Stock]) -> Message:
    """Every command with an example."""
    known = list(catalogue)
    heading = "Compensate a customer with a WeChat Pay coupon; a lead approves each one first."
    commands = (
        f"• {misreads.send_example(known)} asks for a coupon\n"
        "• `/coupon status 12` shows where request #12 stands\n"
        "• `/coupon list` shows your open requests\n"
        "• `/coupon cancel 12` withdraws your request #12, until sending begins\n"
        "• `/coupon retry 12` puts a held request back to work (approvers)\n"
        "• `/coupon help` shows this"
    )
    offered = f"*Stocks*\n{stocks.listing(known)}" if known else "There are no stocks in the catalogue yet."
    return message(f"{heading}\n{commands}", section(f"*{heading}*"), section(commands), section(offered))


# --- when we ourselves fail


def something_went_wrong(reference: str) -> Message:
    """A fault of ours, which the log has under this reference."""
    return message(
        "Something went wrong on my side, and I do not know whether this was kept. Please look with "
        "`/coupon list` before you type it again. If it keeps happening, give an operator this reference: "
        f"{code(reference)}"
    )


def not_sure_it_was_kept() -> Message:
    """The database did not answer in time: the change may have been kept all the same."""
    return message(
        "I could not make sure in time that this was kept. Please look with `/coupon list` in a minute, "
        "before you type it again."
    )


def slack_did_not_answer() -> Message:
    """Who somebody is could not be asked; nothing was kept."""
    return message(
        "Nothing was done: Slack did not tell me who is in which group. Please type it again in a minute."
    )


def not_kept_click_again() -> Message:
    """A click that may not be on disk; doing it again is safe, because a decision counts once."""
    return message("I could not make sure that this was kept. Please try again: it counts only once.")


def form_did_not_open(number: int) -> Message:
    """Slack's trigger was too old, or Slack was busy."""
    return message(f"The form for declining request #{number} did not open. Please click Decline again.")


def decline_reason_problem(reason: str) -> str | None:
    """What is wrong with the reason, as plain text to stand under its field; None: nothing."""
    if not reason.strip():
        return "Please say why, so that the requester knows what to do."
    if len(reason) > REASON_LONGEST:
        return f"The reason has {len(reason)} characters. It may have at most {REASON_LONGEST}."
    return None
