"""What became of a coupon: the one pure function that decides it.

Three values, not two. A refusal settles a number only when it is signed and no earlier attempt is open: the
first attempt may time out *and* give the coupon, and the second is then refused because the first used up
the customer's allowance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from wechatpay.answers import CameBack, Checked, Failure, FailureKind, complaint, plain
from wechatpay.codes import Code, Verdict, judge, look_up, meaning
from wechatpay.errors import Malformed, Unsigned
from wechatpay.send_request import SendRequest

#: 202: taken, not finished; the same request must be repeated.
_NOT_FINISHED = 202
_SUCCESSES = range(200, 300)
_LONGEST_CODE = 128


class Kind(StrEnum):
    """What is known about the coupon of this number."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Remedy(StrEnum):
    """What to do next."""

    #: Nothing: it was given.
    NONE = "none"
    #: Nothing: a verified, final no.
    FINAL = "final"
    #: The same number again, later.
    REPEAT = "repeat"
    #: The same number again, slower; obey `retry_after`.
    SLOWER = "slower"
    #: A person puts something right, then the same number again.
    OPERATOR = "operator"
    #: Look at the customer's coupons before believing anything.
    LOOK = "look"


_REMEDIES = {
    Verdict.OPERATOR: Remedy.OPERATOR,
    Verdict.SLOWER: Remedy.SLOWER,
    Verdict.LATER: Remedy.REPEAT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt told us, judged together with the attempts before it. Safe to log."""

    kind: Kind
    #: WeChat Pay's signature was there and good.
    verified: bool
    #: May *this* attempt have given the coupon?
    attempt_open: bool
    remedy: Remedy
    coupon_code: str | None = None
    #: HTTP status; None when no answer came.
    status: int | None = None
    #: WeChat Pay's code in its usual spelling, or ours (TIMEOUT, CONNECT, UNSIGNED, BAD_SIGNATURE ...).
    code: str = ""
    #: The server's words, or ours.
    message: str = ""
    request_id: str = ""
    #: Serial number of the key that verified the answer.
    serial_no: str = ""
    #: Seconds.
    retry_after: float | None = None
    #: For the operator: of a SIGN_ERROR, our message beside WeChat Pay's and the likely cause.
    hint: str = ""

    @property
    def meaning(self) -> Code | None:
        """Who must act, and a sentence each for the agent and the operator; None: the coupon was given."""
        if self.kind is Kind.SENT:
            return None
        return meaning(self.status, self.code, known=self.kind is Kind.REFUSED)


def settle(sent: SendRequest, came_back: CameBack, *, earlier_open: bool) -> Outcome:
    """Judge one attempt. `earlier_open`: an earlier attempt of this number may have given the coupon."""
    if isinstance(came_back, Failure):
        return _without_answer(came_back, earlier_open=earlier_open)
    answer, doubt = came_back.answer, came_back.doubt
    success = answer.status in _SUCCESSES and answer.status != _NOT_FINISHED
    # A signature that does not hold makes the answer worth nothing, even as a refusal. One that is missing
    # is normal for refusals (SIGN_ERROR is never signed), and as good as forged for a success.
    if doubt is not None and (success or not isinstance(doubt, Unsigned)):
        message = plain(doubt.message, hide=sent.openid)
        return _unknown(came_back, Remedy.REPEAT, code=doubt.code, message=message)
    if success:
        return _given(sent, came_back)
    said = complaint(answer, hide=sent.openid)
    code = judge(answer.status, said.code)
    kind, remedy, attempt_open = _refusal(
        code.verdict, verified=came_back.verified, earlier_open=earlier_open
    )
    return replace(
        _unknown(came_back, remedy, code=code.name, message=said.message),
        kind=kind,
        attempt_open=attempt_open,
    )


def _without_answer(failure: Failure, *, earlier_open: bool) -> Outcome:
    left = failure.kind is not FailureKind.NEVER_LEFT
    return Outcome(
        kind=Kind.UNKNOWN if left or earlier_open else Kind.REFUSED,
        verified=False,
        attempt_open=left,
        remedy=Remedy.REPEAT,
        code=failure.code,
        message=failure.message,
        request_id=failure.request_id,
    )


def _given(sent: SendRequest, checked: Checked) -> Outcome:
    """A genuine 2xx: sent, if it speaks of our number and brings a code."""
    members = checked.answer.members() or {}
    # Flat in the documentation, wrapped in the official SDKs.
    wrapped = members.get("send_coupon_result")
    given = wrapped if isinstance(wrapped, dict) else members
    coupon_code = given.get("coupon_code")
    wrong = [name for name in ("stock_id", "out_request_no") if given.get(name) != getattr(sent, name)]
    if not _is_coupon_code(coupon_code) or sent.coupon_code not in (None, coupon_code):
        wrong.append("coupon_code")
    if not wrong:
        return replace(
            _unknown(checked, Remedy.NONE, code="", message=""), kind=Kind.SENT, coupon_code=coupon_code
        )
    said = look_up(complaint(checked.answer, hide=sent.openid).code)
    if said is not None and said.verdict is Verdict.UNKNOWN:  # SYSTEM_ERROR counts at any status
        return _unknown(checked, Remedy.REPEAT, code=said.name, message="")
    message = f"the genuine answer lacks or changes {', '.join(wrong)}"
    return _unknown(checked, Remedy.LOOK, code=Malformed.code, message=message)


def _is_coupon_code(value: object) -> bool:
    """Longer codes than we may send are read all the same; unprintable ones cannot be posted or stored."""
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_CODE and value.isprintable()


def _refusal(verdict: Verdict, *, verified: bool, earlier_open: bool) -> tuple[Kind, Remedy, bool]:
    """Kind, remedy, and whether this attempt stays open."""
    match verdict:
        case Verdict.UNKNOWN:
            return Kind.UNKNOWN, Remedy.REPEAT, True
        case Verdict.EXISTS:
            # Some attempt of this number has probably given it. Kept open, so that a later refusal (by then
            # the allowance is used up) cannot settle the number.
            return Kind.UNKNOWN, Remedy.LOOK, True
        case Verdict.FINAL:
            if verified and not earlier_open:
                return Kind.REFUSED, Remedy.FINAL, False
            return Kind.UNKNOWN, Remedy.LOOK, not verified
        case Verdict.OPERATOR | Verdict.SLOWER | Verdict.LATER:
            # An unsigned refusal leaves the attempt open: anybody in between could have faked it.
            kind = Kind.UNKNOWN if earlier_open else Kind.REFUSED
            return kind, _REMEDIES[verdict], not verified


def _unknown(checked: Checked, remedy: Remedy, *, code: str, message: str) -> Outcome:
    """What is assumed of any answer until more is known: the coupon may have been given."""
    answer = checked.answer
    return Outcome(
        kind=Kind.UNKNOWN,
        verified=checked.verified,
        attempt_open=True,
        remedy=remedy,
        status=answer.status,
        code=code,
        message=message,
        request_id=answer.request_id,
        serial_no=checked.serial_no,
        retry_after=answer.retry_after,
        hint=answer.hint,
    )
