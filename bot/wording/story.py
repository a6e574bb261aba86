"""One request's whole story, as people read it: what it is, and then what happened, with the time between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from bot.cli.search_output import yuan
from bot.wording.terminal_table import plain
from coupons.auditing import MOST_COUNTED, Story
from coupons.days import beijing_time, written
from coupons.events import Tag
from coupons.model import Approval, Request, State
from coupons.recording import Json, Recorded
from handlers.views import causes

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000


def lines(story: Story) -> Iterator[str]:
    """No line break or terminal command of anybody's words gets through, and no openid."""
    yield from (plain(line) for line in _head(story.request, story.approvals))
    yield ""
    yield "What happened, in Beijing time:"
    before: int | None = None
    for event in story.events:
        since = "" if before is None else f"+{between(event.ts - before)}"
        yield plain(
            f"{event.seq:>7}  {beijing_time(event.ts)}  {since:<9} {event.actor} {said(event)}".rstrip()
        )
        before = event.ts
    yield ""
    yield from (plain(line) for line in _others(story))


def between(ms: int) -> str:
    """`0 s`, `4 min 5 s`, `2 h 10 min`, `3 d 4 h`; a clock that was put back shows as `-5 s`."""
    if ms < 0:
        return f"-{between(-ms)}"
    for unit, name, smaller, smaller_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", _SECOND, "s"),
    ):
        if ms >= unit:
            rest = ms % unit // smaller
            return f"{ms // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{ms // _SECOND} s"


def _head(request: Request, approvals: Sequence[Approval]) -> Iterator[str]:
    yield f"Request #{request.id}: {request.state}"
    yield f"  stock         {request.stock_name} ({request.stock_id}), {yuan(request.value_fen)} yuan"
    if request.coupon_code:
        yield f"  coupon code   {request.coupon_code}"
    yield f"  requester     {request.requester}, {written(request.created_at)}"
    yield f"  customer      number {request.customer} (`audit openid {request.id}` shows who that is)"
    yield f"  reason        {request.reason}"
    if request.ticket:
        yield f"  ticket        {request.ticket}"
    if request.duplicate_of is not None:
        yield f"  like          #{request.duplicate_of}, asked for shortly before; the requester confirmed"
    if request.follows is not None:
        yield f"  in place of   #{request.follows}, which was declined"
    for approval in approvals:
        yield f"  approved by   {approval.approver}, {written(approval.at)}"
    if not approvals:
        yield f"  approved by   {_nobody(request)}"
    if request.closed_at is not None:
        by = f" by {request.closed_by}" if request.closed_by else ""
        yield f"  ended         {written(request.closed_at)}{by}"
    if request.decline_reason:
        how = "closed" if request.state is State.CLOSED else "declined"
        yield f"  {how:<13} because: {request.decline_reason}"
    if request.problem:
        yield f"  last problem  {cause(request.problem)}"
    yield f"  out_request_no {request.out_request_no}, {request.attempts} attempts"


def _nobody(request: Request) -> str:
    if request.approvals_needed == 0:
        return f"rule {request.rule} of coupon.toml, without a person"
    if request.state is State.PENDING:
        return f"nobody yet; needs {request.approvals_needed}"
    return "nobody"


def _others(story: Story) -> Iterator[str]:
    """Why did this customer get two?"""
    customer, count = story.request.customer, story.others_count
    if not count:
        yield f"Customer {customer} has no other request."
        return
    many = f"{count} or more" if count == MOST_COUNTED - 1 else str(count)
    shown = f", the newest {len(story.others)}" if count > len(story.others) else ""
    yield f"Customer {customer} has {many} other request{'' if count == 1 else 's'}{shown}:"
    for other in story.others:
        coupon = f"{other.state:<9} {yuan(other.value_fen)} yuan, {other.stock_name}"
        yield f"{f'#{other.id}':>7}  {written(other.created_at)}  {coupon}, {other.requester}: {other.reason}"
        if other.duplicate_of == story.request.id or story.request.duplicate_of == other.id:
            yield "         like this one; the requester confirmed that it is another"


# --- in words, for each tag


def said(event: Recorded) -> str:
    """What its actor did."""
    tell = _SAID.get(event.tag)
    # A tag of a newer or an older version is still told, with all it says.
    return tell(event.detail) if tell else f"{event.tag} {_rest(event.detail)}".rstrip()


def _rest(detail: Mapping[str, Json]) -> str:
    return " ".join(f"{name}={_text(value)}" for name, value in detail.items() if value not in ("", None))


def _text(value: Json) -> str:
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


def _of(detail: Mapping[str, Json], name: str) -> str:
    return _text(detail.get(name, "")) if detail.get(name) is not None else ""


def _created(detail: Mapping[str, Json]) -> str:
    raised = f", more because of {_of(detail, 'raised')}" if detail.get("raised") else ""
    needed = _of(detail, "approvals_needed")
    return f"asked for it; needs {needed} approval{'' if needed == '1' else 's'}{raised}"


def _approved(detail: Mapping[str, Json]) -> str:
    if detail.get("approvals"):
        return f"gave the last approval it needed; approved by {_of(detail, 'approvals')}"
    if "rule" in detail:
        return f"let it pass by rule {_of(detail, 'rule')}, without a person"
    return "gave the last approval it needed"


def _finished(detail: Mapping[str, Json]) -> str:
    signed = "signed by WeChat Pay" if detail.get("verified") else "NOT signed by WeChat Pay"
    parts = [
        f"HTTP {detail['status']}" if detail.get("status") else "",
        _answer(detail),
        signed,
        f"Request-ID {_of(detail, 'wechatpay_request_id')}" if detail.get("wechatpay_request_id") else "",
        f"key serial {_of(detail, 'serial_no')}" if detail.get("serial_no") else "",
    ]
    told_parts = ", ".join(part for part in parts if part)
    return f"ended attempt {_of(detail, 'attempt')}: {_of(detail, 'kind')} ({told_parts})"


def cause(code: str) -> str:
    """Our codes in words, WeChat Pay's as they are."""
    status = causes.status_of(code)
    return causes.OURS.get(code) or (f"an answer came with HTTP {status} and no reason" if status else code)


def _answer(detail: Mapping[str, Json]) -> str:
    code = _of(detail, "code")
    # Beside ours stands only how a library calls it, which the log has.
    return causes.OURS.get(code) or " ".join(part for part in (code, _of(detail, "message")) if part)


_RESULTS: Final[Mapping[str, str]] = {
    "found": "it is there",
    "absent": "it is not there",
    "unavailable": "they could not be read",
}
_LOOKUP_CAUSES: Final[Mapping[str, str]] = {
    "notification": ", because WeChat Pay had told of one",
    "hold": ", since an approver wants to close it",
}


def _looked_up(detail: Mapping[str, Json]) -> str:
    result, by = _of(detail, "result"), _of(detail, "by")
    found, cause = _RESULTS.get(result, result), _LOOKUP_CAUSES.get(by, by)
    return f"looked for it among the customer's coupons: {found}{cause}"


def _refused_click(detail: Mapping[str, Json]) -> str:
    action = _of(detail, "action")
    return f"was refused to {causes.ACTIONS.get(action, action)}: {_why(detail)}"


def _why(detail: Mapping[str, Json]) -> str:
    reason = _of(detail, "reason")
    return causes.REFUSALS.get(reason, reason)


def _held(detail: Mapping[str, Json]) -> str:
    doubt = "; whether the coupon was given is not known" if detail.get("not_known") else ""
    return f"holds it until a person puts something right: {cause(_of(detail, 'code'))}{doubt}"


def _closed(detail: Mapping[str, Json]) -> str:
    looks = detail.get("looks")
    how = f"{looks} looks at the customer's coupons did not find it" if looks else "no attempt was open"
    why = f"; because: {_of(detail, 'reason')}" if detail.get("reason") else ""
    return f"closed it: nothing was given ({how}){why}"


def _command_refused(detail: Mapping[str, Json]) -> str:
    value, limit = detail.get("value_fen"), detail.get("limit")
    parts = [
        f" of stock {_of(detail, 'stock_id')}" if detail.get("stock_id") else "",
        f" ({yuan(value)} yuan)" if isinstance(value, int) else "",
        f" for customer {_of(detail, 'customer')}" if detail.get("customer") else "",
        f": {_why(detail)}",
        f", limit {_limit(limit)}" if isinstance(limit, Mapping) else "",
    ]
    return f"was refused a coupon{''.join(parts)}"


def _limit(limit: Mapping[str, Json]) -> str:
    """As coupon.toml has it: `2 in 30 days`."""
    fen, days = limit.get("fen"), _of(limit, "days")
    most = [_of(limit, "count"), f"{yuan(fen)} yuan" if isinstance(fen, int) else ""]
    return f"{' / '.join(part for part in most if part)} in {days} day{'' if days == '1' else 's'}"


def _settings(detail: Mapping[str, Json]) -> str:
    told_parts = [f"{how} {_of(detail, how)}" for how in ("changed", "added", "removed") if detail.get(how)]
    return f"found other settings than at the last start: {'; '.join(told_parts)}"


def _restored(detail: Mapping[str, Json]) -> str:
    if detail.get("kind") == "key":
        return (
            f"paused sending: the checkpoint of #{_of(detail, 'posted_seq')} was signed with another key "
            f"({_of(detail, 'key')})"
        )
    return (
        f"paused sending: the log ends at #{_of(detail, 'head_seq')} and does not hold what was posted of "
        f"#{_of(detail, 'posted_seq')} ({_of(detail, 'kind')})"
    )


def _key_changed(detail: Mapping[str, Json]) -> str:
    how = "as the one before signed" if detail.get("before") else f"after {_of(detail, 'lost')} was lost"
    return f"signs checkpoints with the key {_of(detail, 'key')[:16]}..., {how}{_from(detail)}"


# --- looks at the log


_PLACES: Final[Mapping[str, str]] = {"slack": ", in Slack", "browser": ", in the browser"}


def _from(detail: Mapping[str, Json]) -> str:
    user, where = _of(detail, "user"), _of(detail, "where")
    if user:
        return f", as {user} on the command line"
    return _PLACES.get(where, f", at {where}" if where else "")


def _searched(detail: Mapping[str, Json]) -> str:
    page = detail.get("page")
    what = [page if isinstance(page, str) else "", _of(detail, "words")]
    found = f": {_of(detail, 'found')} found" if detail.get("found") is not None else ""
    return f"searched the log for {' '.join(filter(None, what)) or 'everything'}{found}{_from(detail)}"


def _viewed(detail: Mapping[str, Json]) -> str:
    if detail.get("page"):
        what = f"the page {' '.join(filter(None, (_of(detail, 'page'), _of(detail, 'words'))))}"
    elif detail.get("words"):
        what = f"the events of {_of(detail, 'words')}"
    else:
        what = f"the newest {_of(detail, 'newest')} events" if detail.get("newest") else "this story"
    return f"looked at {what}{_from(detail)}"


def _exported(detail: Mapping[str, Json]) -> str:
    what = " ".join(filter(None, (_of(detail, "page"), _of(detail, "words"))))
    if not what and detail.get("last"):
        what = f"#{_of(detail, 'first')} to #{_of(detail, 'last')}, head {_of(detail, 'head')[:16]}"
    return f"took along {what or 'everything'}{_from(detail)}"


def _reconciled(detail: Mapping[str, Json]) -> str:
    found = detail.get("found")
    counts = (
        ", ".join(f"{name} {_text(n)}" for name, n in found.items()) if isinstance(found, Mapping) else ""
    )
    what = _of(detail, "month") or "all of the log"
    return f"compared {what} with WeChat Pay, by {_of(detail, 'by')}: {counts}{_from(detail)}"


def _erased(detail: Mapping[str, Json]) -> str:
    days = f", who asked for nothing for {_of(detail, 'days')} days" if detail.get("days") else ""
    return f"removed the openid of customer {_of(detail, 'customer')}{days}{_from(detail)}"


def _answered(detail: Mapping[str, Json]) -> str:
    status = f"HTTP {_of(detail, 'status')}" if detail.get("status") else "no answer"
    held = "signature good" if detail.get("verified") is True else "no good signature"
    told = ", ".join(filter(None, (status, _of(detail, "problem"), held if detail.get("status") else "")))
    return f"WeChat Pay to call #{_of(detail, 'call')}: {told}"


_SAID: Final[Mapping[str, Callable[[Mapping[str, Json]], str]]] = {
    Tag.REQUEST_CREATED: _created,
    Tag.APPROVAL_GIVEN: lambda d: (
        f"approved it ({_of(d, 'count')} of {_of(d, 'needed')})" if d.get("needed") else "approved it"
    ),
    Tag.REQUEST_APPROVED: _approved,
    Tag.REQUEST_DECLINED: lambda d: f"declined it: {_of(d, 'reason')}",
    Tag.REQUEST_CANCELLED: lambda _: "withdrew it",
    Tag.REQUEST_EXPIRED: lambda _: "ended it: nobody decided in time",
    Tag.REQUEST_CLOSED: _closed,
    Tag.ATTEMPT_STARTED: lambda d: f"starts attempt {_of(d, 'attempt')}",
    Tag.ATTEMPT_FINISHED: _finished,
    Tag.COUPON_LOOKED_UP: _looked_up,
    Tag.COUPON_RECEIVED: lambda d: f"heard from WeChat Pay that the coupon was received: {_rest(d)}",
    Tag.REQUEST_SENT: lambda d: (
        f"sent the coupon: coupon code {_of(d, 'coupon_code')}, known by {_of(d, 'by')}"
    ),
    Tag.REQUEST_REFUSED: lambda d: f"ended it: WeChat Pay refused, {cause(_of(d, 'code'))}",
    Tag.REQUEST_UNKNOWN: lambda d: f"does not know whether the coupon was given: {cause(_of(d, 'code'))}",
    Tag.REQUEST_HELD: _held,
    Tag.REQUEST_RETRIED: lambda _: "let it be sent again, with the same out_request_no",
    Tag.CLICK_REFUSED: _refused_click,
    Tag.REQUEST_URGED: lambda _: "called it to the approvers' mind",
    Tag.REQUEST_REMINDED: lambda d: f"reminded the approvers {_rest(d)}",
    Tag.COMMAND_REFUSED: _command_refused,
    Tag.SENDING_PAUSED: lambda d: f"paused sending: {_of(d, 'reason')}",
    Tag.SENDING_RESUMED: lambda _: "let sending go on",
    Tag.BOT_STARTED: lambda d: f"started, version {_of(d, 'version')} with SQLite {_of(d, 'sqlite')}",
    Tag.BOT_STOPPED: lambda _: "stopped in order",
    Tag.SETTINGS_CHANGED: _settings,
    Tag.DATABASE_RESTORED: _restored,
    Tag.CLOCK_DOUBTED: lambda d: (
        f"did not believe the machine's clock ({_of(d, 'kind')}, off by {_of(d, 'ahead_ms')} ms)"
    ),
    Tag.CLOCK_CONFIRMED: lambda _: "believed the machine's clock again",
    Tag.NUMBERS_RAISED: lambda d: (
        f"numbers requests from above #{_of(d, 'seen')}, which Slack shows: this file had given out "
        f"#{_of(d, 'given_out')} at most"
    ),
    Tag.AUDIT_CHECKPOINT: lambda d: f"signed a checkpoint of #{_of(d, 'seq')}",
    Tag.AUDIT_KEY_CHANGED: _key_changed,
    Tag.AUDIT_SEARCHED: _searched,
    Tag.AUDIT_VIEWED: _viewed,
    Tag.AUDIT_EXPORTED: _exported,
    Tag.AUDIT_REPORTED: lambda d: f"made the report of {_of(d, 'month')}, as {_of(d, 'format')}{_from(d)}",
    Tag.AUDIT_RECONCILED: _reconciled,
    Tag.AUDIT_REFUSED: lambda d: f"asked for the log ({_of(d, 'action')}) and is no auditor{_from(d)}",
    Tag.OPENID_VIEWED: lambda d: f"looked at the whole openid of customer {_of(d, 'customer')}{_from(d)}",
    Tag.CUSTOMER_ERASED: _erased,
    Tag.WECHAT_CALLED: lambda d: f"called WeChat Pay by hand: {_of(d, 'method')} {_of(d, 'path')}{_from(d)}",
    Tag.WECHAT_ANSWERED: _answered,
    Tag.CONSOLE_LINK_MADE: lambda d: f"asked for a link to the browser pages{_from(d)}",
    Tag.CONSOLE_SIGNED_IN: lambda d: f"came in by a link{_from(d)}",
    Tag.CONSOLE_REFUSED: lambda d: f"was kept out: {_of(d, 'reason')}{_from(d)}",
}
