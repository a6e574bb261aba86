"""One event of a request's story as a short sentence, for auditors: in Slack, on terminals and in browsers.

Each tag is worded here and in `handlers.views.log_story`, and nowhere else. The openid stands in no event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coupons.auditing import MOST_COUNTED, Story
from coupons.events import Tag
from coupons.recording import Json, Recorded
from handlers.views import batch_story, causes, coupon_story, log_story, talk_story
from handlers.views.escaping import without_openids
from handlers.views.rendering import MRKDWN, EventWords, Rendering
from handlers.views.words import N_, Words

_PLACES: Mapping[str, str] = {
    "slack": N_("{sentence}, in Slack"),
    "browser": N_("{sentence}, in the browser"),
}


def sentence(words: Words, event: Recorded, rendering: Rendering = MRKDWN) -> str:
    """Without a full stop at the end. A tag of a newer or an older version is told with all it says."""
    filling = EventWords(words, event, rendering)
    known = _SENTENCES.get(event.tag, _unknown_tag)
    what = filling.first(known) if isinstance(known, tuple) else known(filling)
    where = _PLACES.get(filling.text("where"))
    # `who` tells of the command line, and the console's own events of the browser.
    return words(where, sentence=what) if where and not event.tag.startswith("console:") else what


def heading_of_others(words: Words, story: Story) -> str:
    """Above what else its customer was asked for."""
    if not story.others_count:
        return words("This customer has no other request.")
    if story.others_count >= MOST_COUNTED - 1:
        return words("This customer has {n} or more other requests, the newest first:", n=story.others_count)
    return words.plural(
        "This customer has 1 other request:",
        "This customer has {n} other requests, the newest first:",
        story.others_count,
    )


def _unknown_tag(words: EventWords) -> str:
    said = ((name, value) for name, value in words.event.detail.items() if value not in ("", None))
    details = " ".join(f"{name}={value}" for name, value in said)
    return words.code(f"{words.event.tag} {without_openids(details)}".rstrip())


def _created(words: EventWords) -> str:
    request = words.plural(
        "{who} asked for {stock} ({value}), which needs 1 approval",
        "{who} asked for {stock} ({value}), which needs {n} approvals",
        words.whole("approvals_needed"),
    )
    if words.whole("batch"):
        request = words("{sentence}, as row {row} of batch {batch}", sentence=request)
    raised = words.list(_why(words, reason) for reason in words.names("raised"))
    return (
        words("{sentence}, more because {reasons}", sentence=request, reasons=raised) if raised else request
    )


def _undo_created(words: EventWords) -> str:
    asked = words.plural(
        "{who} asked to take back the coupon of request #{undoes}, which needs 1 approval",
        "{who} asked to take back the coupon of request #{undoes}, which needs {n} approvals",
        words.whole("approvals_needed"),
    )
    return words("{sentence}: “{reason}”", sentence=asked) if words.text("reason") else asked


def _closed(words: EventWords) -> str:
    closed = words("{who} closed it: nothing was given")
    if words.whole("looks"):
        closed = words.plural(
            "{who} closed it: nothing was given, and 1 lookup in the customer's list did not find it",
            "{who} closed it: nothing was given, and {n} lookups in the customer's list did not find it",
            words.whole("looks"),
        )
    elif "looks" in words.event.detail:
        closed = words("{who} closed it: nothing was given, and no attempt was open")
    return words("{sentence}: “{reason}”", sentence=closed) if words.text("reason") else closed


_KINDS: Mapping[str, str] = {
    "sent": N_("sent"),
    "undone": N_("taken back"),
    "refused": N_("refused"),
    "unknown": N_("not known"),
}


def _finished(words: EventWords) -> str:
    kind, message = words.text("kind"), words.typed(words.text("message"))
    parts = [
        words("attempt {attempt}: {kind}", kind=words(_KINDS.get(kind, kind))),
        words("HTTP {status}") if words.whole("status") else "",
        words.cause() if words.text("code") else "",
        # Beside our own codes stands only how a library calls it, which the log has.
        f"“{message}”" if message and words.text("code") not in causes.OURS else "",
        words.signature(),
        words("Request-ID {wechatpay_request_id}") if words.text("wechatpay_request_id") else "",
        words("key {serial_no}") if words.text("serial_no") else "",
    ]
    return words.list(parts)


def _late(words: EventWords) -> str:
    return words("an answer came after its attempt was given up: {answer}", answer=_finished(words))


_RESULTS: Mapping[str, str] = {
    "used": N_("WeChat Pay says that the customer has used the coupon"),
    "expired": N_("WeChat Pay says that the coupon has expired"),
    "deleted": N_("WeChat Pay says that the customer has deleted the coupon"),
    "found": N_("the coupon was found in the customer's list at WeChat Pay"),
    "absent": N_("the customer's list at WeChat Pay was looked through, and the coupon was not there"),
}
_LOOKED_FOR: Mapping[str, str] = {
    "notification": N_("{sentence}; WeChat Pay had told the bot of one"),
    "hold": N_("{sentence}; an approver wants to close it"),
}


def _looked_up(words: EventWords) -> str:
    result, why = _RESULTS.get(words.text("result")), _LOOKED_FOR.get(words.text("by"))
    found = (
        words(result) if result else words("the customer's list at WeChat Pay could not be looked through")
    )
    return words(why, sentence=found) if why else found


def _received(words: EventWords) -> str:
    if words.event.detail.get("matched") is not False:
        return words("WeChat Pay told the bot of coupon {coupon_code}")
    woken = words.list(f"#{number}" for number in words.names("woke"))
    if not woken:
        return words("WeChat Pay told the bot of coupon {coupon_code}, which no request here gave")
    return words(
        "WeChat Pay told the bot of coupon {coupon_code}, which is looked for on behalf of {requests}",
        requests=woken,
    )


def _sent(words: EventWords) -> str:
    if words.text("by") == "look":
        return words("the coupon was sent, as the customer's list at WeChat Pay shows: {coupon_code}")
    return words("the coupon was sent: {coupon_code}")


def _held(words: EventWords) -> str:
    held = words("it was held for a person: {cause}")
    if not words.event.detail.get("not_known"):
        return held
    return words("{sentence}; it was not known whether the customer got it", sentence=held)


def _click_refused(words: EventWords) -> str:
    action = words.text("action") or "send"
    return words(
        "{who} wanted to {action} and was not allowed to: {reason}",
        action=words(causes.ACTIONS[action]) if action in causes.ACTIONS else words.code(action),
        reason=_why(words, words.text("reason")),
    )


def _why(words: EventWords, reason: str) -> str:
    return words(causes.REFUSALS[reason]) if reason in causes.REFUSALS else words.code(reason)


def _command_refused(words: EventWords) -> str:
    limit = words.event.detail.get("limit")
    facts = words.list(
        [
            words("stock {stock_id} ({value})") if words.text("stock_id") else "",
            words("customer {customer}") if words.whole("customer") else "",
            _limit(words, limit) if isinstance(limit, Mapping) else "",
        ]
    )
    refused = _click_refused(words)
    return words("{sentence}: {facts}", sentence=refused, facts=facts) if facts else refused


def _limit(words: EventWords, limit: Mapping[str, Json]) -> str:
    """As coupon.toml has it: so many, or so much, in so many days."""
    count, fen, days = (_whole(limit.get(name)) for name in ("count", "fen", "days"))
    most = " / ".join(part for part in (str(count or ""), words.money(fen) if fen else "") if part)
    return words.plural("limit {most} in 1 day", "limit {most} in {n} days", days, most=most)


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0


#: By tag: the first sentence for which the event has all, or what puts one together.
_SENTENCES: Mapping[str, tuple[str, ...] | Callable[[EventWords], str]] = {
    **log_story.SENTENCES,
    **batch_story.SENTENCES,
    **coupon_story.SENTENCES,
    **talk_story.SENTENCES,
    Tag.REQUEST_CREATED: _created,
    Tag.APPROVAL_GIVEN: (
        N_("{who} approved batch {batch} ({count} of {needed})"),
        N_("{who} approved it ({count} of {needed})"),
        N_("{who} approved it"),
    ),
    Tag.REQUEST_APPROVED: (
        N_("its batch {batch} had the approvals it needs: {approvals}"),
        N_("it had the approvals it needs: {approvals}"),
        N_("rule {rule} let it pass without an approval"),
        N_("it had the approvals it needs"),
    ),
    Tag.REQUEST_DECLINED: (N_("{who} declined it: “{reason}”"), N_("{who} declined it")),
    Tag.REQUEST_CANCELLED: (N_("{who} withdrew it"),),
    Tag.REQUEST_EXPIRED: (N_("it expired without its approvals"),),
    Tag.REQUEST_CLOSED: _closed,
    Tag.ATTEMPT_STARTED: (N_("attempt {attempt}: WeChat Pay is asked for the coupon"),),
    Tag.ATTEMPT_FINISHED: _finished,
    Tag.ATTEMPT_LATE: _late,
    Tag.COUPON_LOOKED_UP: _looked_up,
    Tag.COUPON_RECEIVED: _received,
    Tag.REQUEST_SENT: _sent,
    Tag.REQUEST_REFUSED: (N_("it was refused: {cause}"),),
    Tag.REQUEST_UNKNOWN: (N_("it was not known whether the customer got it: {cause}"),),
    Tag.REQUEST_HELD: _held,
    Tag.REQUEST_RETRIED: (N_("{who} released it to be sent again, with the same out_request_no"),),
    Tag.UNDO_CREATED: _undo_created,
    Tag.UNDO_DONE: (N_("the coupon of request #{undoes} was taken back"),),
    Tag.UNDO_REFUSED: (N_("the coupon of request #{undoes} was not taken back: {cause}"),),
    Tag.REQUEST_URGED: (
        N_("{who} asked for a reminder of batch {batch}"),
        N_("{who} asked for a reminder"),
    ),
    Tag.REQUEST_REMINDED: (
        N_("too few who may approve batch {batch} were there before {until}: {mention} was called"),
        N_("too few who may approve batch {batch} were there before {until}"),
        N_("too few who may approve it were there before {until}: {mention} was called"),
        N_("too few who may approve it were there before {until}"),
        N_("a reminder of batch {batch} was due after {waited_ms}: {mention}"),
        N_("a reminder of batch {batch} was due after {waited_ms}"),
        N_("a reminder was due after {waited_ms}: {mention}"),
        N_("a reminder was due after {waited_ms}"),
        N_("a reminder was due"),
    ),
    Tag.CLICK_REFUSED: _click_refused,
    Tag.COMMAND_REFUSED: _command_refused,
}
