"""What codes mean, in a few words that stand within a sentence: on cards, in stories, in terminals.

Ours are never shown to people: `TIMEOUT` says less than what happened. WeChat Pay's own are, since its
support and its pages know them.
"""

from __future__ import annotations

from collections.abc import Mapping

from coupons.permissions import Reason
from handlers.views.translations import N_

#: Our codes, where no answer came, or none that can be believed, or nothing was asked.
OURS: Mapping[str, str] = {
    "TIMEOUT": N_("no whole answer came in time"),
    "LOST": N_("the connection broke before the answer came"),
    "TOO_LONG": N_("an answer came that did not end"),
    "CONNECT": N_("WeChat Pay could not be reached"),
    "NO_KEYS": N_("the bot had no key to check answers with, and did not ask"),
    "UNSIGNED": N_("an answer came without a signature"),
    "STALE": N_("an answer came that was signed at another time"),
    "UNKNOWN_SERIAL": N_("an answer came that was signed with a key the bot does not have"),
    "BAD_SIGNATURE": N_("an answer came with a wrong signature"),
    "MALFORMED": N_("a signed answer came that lacks what it must say"),
    "NO_CLEAR_ANSWER": N_("no answer could be believed for a long time"),
    "INTERRUPTED": N_("the bot was stopped while it was asking"),
    "BODY_CHANGED": N_("what would go out is not what was approved"),
    "NOT_APPROVED": N_("the log shows no approval for it"),
    "COUPON_USED": N_("the customer had used the coupon"),
    "COUPON_EXPIRED": N_("the coupon had expired"),
    "COUPON_DELETED": N_("the customer had deleted the coupon"),
}

#: What somebody tried, by the action of a `click:refused`; `send` of a `command:refused`.
ACTIONS: Mapping[str, str] = {
    "approve": N_("approve it"),
    "decline": N_("decline it"),
    "withdraw_approval": N_("take an approval of it back"),
    "ask": N_("ask the requester about it"),
    "answer": N_("answer a question about it"),
    "offer": N_("offer a smaller coupon in its place"),
    "accept_offer": N_("take the smaller coupon"),
    "decline_offer": N_("keep what was asked for"),
    "retry": N_("retry it"),
    "close": N_("close it"),
    "cancel": N_("withdraw it"),
    "urge": N_("remind the approvers of it"),
    "undo": N_("have it taken back"),
    "edit": N_("send it again, edited"),
    "pause": N_("pause sending"),
    "resume": N_("resume sending"),
    "away": N_("be away"),
    "back": N_("end an absence"),
    "approve_together": N_("approve several at once"),
    "week_picture": N_("have the figures of the week"),
    "send": N_("ask for a coupon"),
    "look_up_coupon": N_("see what became of a coupon"),
    "look_up_customer": N_("see what became of a customer's coupons"),
    "submit_batch": N_("submit the batch"),
    "discard_batch": N_("discard the batch"),
    "approve_batch": N_("approve the batch"),
    "decline_batch": N_("decline the batch"),
    "strike_lines": N_("strike lines out of the batch"),
    "pause_batch": N_("pause the batch"),
    "resume_batch": N_("resume the batch"),
    "cancel_batch": N_("cancel the batch"),
}

#: Why that was refused, by its reason.
REFUSALS: Mapping[str, str] = {
    Reason.OUTSIDER: N_("from another company or workspace"),
    Reason.BOT: N_("a bot"),
    Reason.DEACTIVATED: N_("a deactivated account"),
    Reason.GUEST: N_("a guest"),
    Reason.NOT_AGENT: N_("not among the agents"),
    Reason.NOT_APPROVER: N_("not among its approvers"),
    Reason.SELF: N_("the requester's own"),
    Reason.NOT_SENT: N_("it has no coupon that was sent"),
    Reason.UNDONE: N_("its coupon had been taken back already"),
    Reason.UNDO_OPEN: N_("another undo of it was not finished"),
    Reason.UNDO_IN_DOUBT: N_("it was not known what an earlier undo had done"),
    Reason.ERASED: N_("its customer had been erased"),
    Reason.ALREADY_APPROVED: N_("had approved it before"),
    Reason.NO_APPROVAL: N_("had not approved it"),
    Reason.GROUP_APPROVED: N_("others had approved for the same groups, and one of another is missing"),
    Reason.NOT_YOUR_TURN: N_("other groups approve before"),
    Reason.NEEDED_LATER: N_("nobody else is left for an approval that comes later"),
    Reason.NOT_SMALLER: N_("not a smaller coupon of the catalogue"),
    Reason.OFFER_ENDED: N_("that offer had ended"),
    Reason.NO_QUESTION: N_("that question had been answered"),
    Reason.OTHER_COUPON: N_("its card showed another coupon"),
    Reason.TOO_LATE: N_("too late: it no longer waited for that"),
    Reason.NOT_HELD: N_("it was not held"),
    Reason.NOT_REQUESTER: N_("not its requester"),
    Reason.NO_SUCH_REQUEST: N_("there is no such request"),
    Reason.SENDING_BEGAN: N_("WeChat Pay had been asked for the coupon already"),
    Reason.CUSTOMER_LIMIT: N_("the customer's limit was reached"),
    Reason.AGENT_LIMIT: N_("the agent's limit was reached"),
    Reason.STOCK_LIMIT: N_("the stock's limit was reached"),
    Reason.BUDGET_LIMIT: N_("the budget was used up"),
    Reason.AUTOMATIC_CAP: N_("the day's share without approval was used up"),
    Reason.DUPLICATE: N_("the same was asked for a short time before"),
    Reason.OTHER_DATA: N_("another request stood already from this form or command"),
    Reason.PAUSED: N_("sending was paused"),
    Reason.NOT_PAUSED: N_("sending was not paused"),
    Reason.AWAY: N_("away, too"),
    Reason.NOT_AWAY: N_("was not away"),
    Reason.NOT_DEPUTY: N_("whoever was named cannot decide instead"),
    Reason.TOO_SOON: N_("the approvers had been reminded less than half an hour before"),
    Reason.MAY_BE_GIVEN: N_("it had to be looked for at WeChat Pay first"),
    Reason.REASON_REQUIRED: N_("it stated no reason"),
    Reason.TICKET_REQUIRED: N_("it named no ticket"),
    Reason.BOTH_REQUIRED: N_("it stated no reason and named no ticket"),
    Reason.NOT_DECLINED: N_("it was not declined, or was asked for again already"),
    Reason.OTHER_CARD: N_("clicked on a message that is not its card"),
    Reason.IN_BATCH: N_("it is decided with its batch"),
    Reason.OTHER_REQUEST: N_("clicked where another request was shown"),
    "not_together": N_("these may not be approved together"),
}

#: What somebody wanted of the log who is no auditor, by the action of an `audit:refused`.
LOG_ACTIONS: Mapping[str, str] = {
    "search": N_("search the audit log"),
    "view": N_("read a request's story"),
    "export": N_("take a part of the audit log along"),
    "openid": N_("see a whole openid"),
    "open": N_("open the audit log in the browser"),
}

#: Why somebody was not let in, by the reason of a `console:refused`.
SIGN_INS: Mapping[str, str] = {
    "unknown": N_("the link is not one of ours"),
    "used": N_("the link was used before"),
    "expired": N_("the link is too old"),
    "not_auditor": N_("no auditor by Slack's word then"),
}


def status_of(code: str) -> str:
    """The HTTP status in our code for an answer that has none of WeChat Pay's; empty: it is another code."""
    name, _, status = code.partition("_")
    return status if name == "HTTP" and status.isdigit() else ""
