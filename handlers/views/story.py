"""One event of a request's story as a short sentence, for auditors. The openid stands in no event."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coupons.events import Tag
from coupons.recording import SYSTEM, Json, Recorded
from handlers.views import causes, problems
from handlers.views.escaping import asked, code, inert, listed, person, without_openids
from handlers.views.event_words import text_of
from handlers.views.words import N_, Words

#: What is said of an event whose details add nothing.
_PLAIN: Mapping[str, str] = {
    Tag.REQUEST_CANCELLED: N_("{who} withdrew it"),
    Tag.REQUEST_EXPIRED: N_("it expired without its approvals"),
    Tag.REQUEST_RETRIED: N_("{who} released it to be sent again"),
    Tag.REQUEST_URGED: N_("{who} asked for a reminder"),
    Tag.REQUEST_REMINDED: N_("a reminder was due"),
    Tag.SENDING_RESUMED: N_("{who} resumed sending"),
    Tag.BOT_STARTED: N_("the bot started"),
    Tag.BOT_STOPPED: N_("the bot stopped"),
    Tag.AUDIT_REFUSED: N_("{who} asked for the audit log and may not see it"),
    Tag.CONSOLE_LINK_MADE: N_("{who} asked for a link to the console"),
    Tag.CONSOLE_SIGNED_IN: N_("{who} signed in to the console"),
    Tag.AUDIT_KEY_CHANGED: N_("the key that signs checkpoints was changed"),
    Tag.NUMBERS_RAISED: N_("requests are numbered from above those that Slack shows, which this file lacks"),
    Tag.CLOCK_DOUBTED: N_("the machine's clock was in doubt: nothing expired and nobody was forgotten"),
    Tag.CLOCK_CONFIRMED: N_("the machine's clock was believed again"),
    Tag.CONSOLE_REFUSED: N_("a sign-in to the console was refused"),
}
_KINDS: Mapping[str, str] = {
    "sent": N_("sent"),
    "refused": N_("refused"),
    "unknown": N_("not known"),
}


def sentence(words: Words, event: Recorded) -> str:
    """mrkdwn, without a full stop at the end."""
    known = _PLAIN.get(event.tag)
    if known is not None:
        return words(known, who=_who(words, event))
    tell = _TOLD.get(event.tag)
    return tell(words, event) if tell is not None else code(event.tag)


def _who(words: Words, event: Recorded) -> str:
    if event.actor != SYSTEM:
        return person(event.actor)
    user = text_of(event, "user")
    return words("{user} on the command line", user=inert(user)) if user else words("the bot")


def _created(words: Words, event: Recorded) -> str:
    return words.plural(
        "{who} asked for {stock} ({value}), which needs 1 approval",
        "{who} asked for {stock} ({value}), which needs {n} approvals",
        _number(event, "approvals_needed"),
        who=_who(words, event),
        stock=inert(text_of(event, "stock_name"), 40) or code(text_of(event, "stock_id")),
        value=words.money(_number(event, "value_fen")),
    )


def _given(words: Words, event: Recorded) -> str:
    return words(
        "{who} approved it ({count} of {needed})",
        who=_who(words, event),
        count=_number(event, "count"),
        needed=_number(event, "needed"),
    )


def _approved(words: Words, event: Recorded) -> str:
    names = event.detail.get("approvals")
    people = listed(words, (person(str(name)) for name in (names if isinstance(names, list) else [])))
    if not people:
        return words("rule {rule} let it pass without an approval", rule=_number(event, "rule"))
    return words("it had the approvals it needs: {people}", people=people)


def _declined(words: Words, event: Recorded) -> str:
    return _with_reason(words, words("{who} declined it", who=_who(words, event)), event)


def _closed(words: Words, event: Recorded) -> str:
    return _with_reason(words, words("{who} closed it: nothing was given", who=_who(words, event)), event)


def _paused(words: Words, event: Recorded) -> str:
    return _with_reason(words, words("{who} paused sending", who=_who(words, event)), event)


def _with_reason(words: Words, told: str, event: Recorded) -> str:
    reason = inert(without_openids(text_of(event, "reason")), 200)
    return words("{told}: “{reason}”", told=told, reason=reason) if reason else told


def _started(words: Words, event: Recorded) -> str:
    return words("attempt {count}: WeChat Pay is asked for the coupon", count=_number(event, "attempt"))


def _finished(words: Words, event: Recorded) -> str:
    kind = text_of(event, "kind")
    signed = words("signature good") if event.detail.get("verified") is True else words("no good signature")
    parts = [
        words("attempt {count}: {kind}", count=_number(event, "attempt"), kind=words(_KINDS.get(kind, kind))),
        f"HTTP {_number(event, 'status')}" if _number(event, "status") else "",
        problems.cause(words, text_of(event, "code")) if text_of(event, "code") else "",
        signed,
    ]
    if request_id := text_of(event, "wechatpay_request_id"):
        parts.append(f"Request-ID {code(request_id)}")
    if serial := text_of(event, "serial_no"):
        parts.append(words("key {serial}", serial=code(serial)))
    return words.list(part for part in parts if part)


def _looked_up(words: Words, event: Recorded) -> str:
    match text_of(event, "result"):
        case "found":
            return words("the coupon was found in the customer's list at WeChat Pay")
        case "absent":
            return words("the customer's list at WeChat Pay was looked through, and the coupon was not there")
        case _:
            return words("the customer's list at WeChat Pay could not be looked through")


def _received(words: Words, event: Recorded) -> str:
    return words("WeChat Pay told the bot of coupon {code}", code=code(text_of(event, "coupon_code") or "…"))


def _sent(words: Words, event: Recorded) -> str:
    return words("the coupon was sent: {code}", code=code(text_of(event, "coupon_code") or "…"))


def _refused(words: Words, event: Recorded) -> str:
    return words("it was refused: {cause}", cause=problems.cause(words, text_of(event, "code")))


def _unknown(words: Words, event: Recorded) -> str:
    return words(
        "it was not known whether the customer got it: {cause}",
        cause=problems.cause(words, text_of(event, "code")),
    )


def _held(words: Words, event: Recorded) -> str:
    return words("it was held for a person: {cause}", cause=problems.cause(words, text_of(event, "code")))


def _click_refused(words: Words, event: Recorded) -> str:
    action, reason = text_of(event, "action") or "send", text_of(event, "reason")
    return words(
        "{who} wanted to {action} and was not allowed to: {reason}",
        who=_who(words, event),
        action=words(causes.ACTIONS[action]) if action in causes.ACTIONS else code(action),
        reason=words(causes.REFUSALS[reason]) if reason in causes.REFUSALS else code(reason or "…"),
    )


def _command_refused(words: Words, event: Recorded) -> str:
    limit = event.detail.get("limit")
    facts = [
        words(
            "stock {stock} ({value})",
            stock=code(text_of(event, "stock_id")),
            value=words.money(_number(event, "value_fen")),
        )
        if text_of(event, "stock_id")
        else "",
        words("customer {customer}", customer=_number(event, "customer"))
        if _number(event, "customer")
        else "",
        _limit(words, limit) if isinstance(limit, Mapping) else "",
    ]
    told, known = _click_refused(words, event), words.list(fact for fact in facts if fact)
    return words("{told}: {facts}", told=told, facts=known) if known else told


def _limit(words: Words, limit: Mapping[str, Json]) -> str:
    """As coupon.toml has it: so many, or so much, in so many days."""
    count, fen, days = (_whole(limit.get(name)) for name in ("count", "fen", "days"))
    most = " / ".join(part for part in (str(count or ""), words.money(fen) if fen else "") if part)
    return words.plural("limit {most} in 1 day", "limit {most} in {n} days", days, most=most)


def _searched(words: Words, event: Recorded) -> str:
    who, wanted = _who(words, event), _wanted(words, event)
    if not wanted:
        return words("{who} searched the audit log", who=who)
    return words("{who} searched the audit log for {wanted}", who=who, wanted=wanted)


def _viewed(words: Words, event: Recorded) -> str:
    who, wanted = _who(words, event), _wanted(words, event)
    if text_of(event, "page"):
        return words("{who} looked at the page {wanted} of the audit log", who=who, wanted=wanted)
    if wanted:
        return words("{who} looked at events of the audit log: {wanted}", who=who, wanted=wanted)
    if _number(event, "newest"):
        return words("{who} looked at the newest events of the audit log", who=who)
    return words("{who} looked at it in the audit log", who=who)


def _exported(words: Words, event: Recorded) -> str:
    who, wanted = _who(words, event), _wanted(words, event)
    if wanted:
        return words("{who} took a part of the audit log along: {wanted}", who=who, wanted=wanted)
    if not _number(event, "last"):
        return words("{who} took a part of the audit log along", who=who)
    first, last = _number(event, "first"), _number(event, "last")
    return words("{who} took the audit log along, event {first} to {last}", who=who, first=first, last=last)


def _wanted(words: Words, event: Recorded) -> str:
    """What a look was for: words as they were typed, or a page of the console."""
    page = text_of(event, "page")
    typed = text_of(event, "words")
    if page:
        return code(page, 60) if not typed else words.list((code(page, 60), _typed(typed)))
    if typed.strip():
        return _typed(typed)
    return words("everything") if event.tag == Tag.AUDIT_SEARCHED and "words" in event.detail else ""


def _typed(text: str) -> str:
    return asked(without_openids(text))


def _reported(words: Words, event: Recorded) -> str:
    month = text_of(event, "month")
    if not month:
        return words("{who} made a report", who=_who(words, event))
    return words("{who} made the report of {month}", who=_who(words, event), month=code(month))


def _openid(words: Words, event: Recorded) -> str:
    return words(
        "{who} looked at the whole openid of customer {customer}",
        who=_who(words, event),
        customer=_number(event, "customer"),
    )


def _erased(words: Words, event: Recorded) -> str:
    customer, days = _number(event, "customer"), _number(event, "days")
    if days:
        return words.plural(
            "customer {customer} was erased, since nobody asked for them for 1 day",
            "customer {customer} was erased, since nobody asked for them for {n} days",
            days,
            customer=customer,
        )
    return words("{who} erased customer {customer}", who=_who(words, event), customer=customer)


def _settings(words: Words, event: Recorded) -> str:
    changed = [*_names(event, "changed"), *_names(event, "added"), *_names(event, "removed")]
    return words("settings were changed: {names}", names=words.list(code(name) for name in changed[:10]))


def _checkpoint(words: Words, event: Recorded) -> str:
    return words("a checkpoint of the log was signed, at #{seq}", seq=_number(event, "seq"))


def _restored(words: Words, event: Recorded) -> str:
    if event.detail.get("kind") == "key":
        return words("the start found checkpoints that another key had signed; sending was paused")
    return words("an older or changed database was found at the start; sending was paused")


def _reconciled(words: Words, event: Recorded) -> str:
    return words("{who} compared the log with WeChat Pay", who=_who(words, event))


def _called(words: Words, event: Recorded) -> str:
    return words(
        "{who} called WeChat Pay by hand: {call}",
        who=_who(words, event),
        call=code(f"{text_of(event, 'method')} {text_of(event, 'path')}", 200),
    )


def _answered(words: Words, event: Recorded) -> str:
    number, status = _number(event, "call"), _number(event, "status")
    if not status:
        return words("no answer of WeChat Pay's came to the call of event {number}", number=number)
    told = words(
        "WeChat Pay answered the call of event {number}: HTTP {status}", number=number, status=status
    )
    signed = words("signature good") if event.detail.get("verified") is True else words("no good signature")
    return words.list((told, signed))


def _number(event: Recorded, name: str) -> int:
    return _whole(event.detail.get(name))


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _names(event: Recorded, name: str) -> list[str]:
    value = event.detail.get(name)
    return [str(each) for each in value] if isinstance(value, list) else []


_TOLD: Mapping[str, Callable[[Words, Recorded], str]] = {
    Tag.REQUEST_CREATED: _created,
    Tag.APPROVAL_GIVEN: _given,
    Tag.REQUEST_APPROVED: _approved,
    Tag.REQUEST_DECLINED: _declined,
    Tag.REQUEST_CLOSED: _closed,
    Tag.ATTEMPT_STARTED: _started,
    Tag.ATTEMPT_FINISHED: _finished,
    Tag.COUPON_LOOKED_UP: _looked_up,
    Tag.COUPON_RECEIVED: _received,
    Tag.REQUEST_SENT: _sent,
    Tag.REQUEST_REFUSED: _refused,
    Tag.REQUEST_UNKNOWN: _unknown,
    Tag.REQUEST_HELD: _held,
    Tag.CLICK_REFUSED: _click_refused,
    Tag.COMMAND_REFUSED: _command_refused,
    Tag.SENDING_PAUSED: _paused,
    Tag.SETTINGS_CHANGED: _settings,
    Tag.AUDIT_CHECKPOINT: _checkpoint,
    Tag.DATABASE_RESTORED: _restored,
    Tag.AUDIT_RECONCILED: _reconciled,
    Tag.WECHAT_CALLED: _called,
    Tag.WECHAT_ANSWERED: _answered,
    Tag.AUDIT_SEARCHED: _searched,
    Tag.AUDIT_VIEWED: _viewed,
    Tag.AUDIT_EXPORTED: _exported,
    Tag.AUDIT_REPORTED: _reported,
    Tag.OPENID_VIEWED: _openid,
    Tag.CUSTOMER_ERASED: _erased,
}
