"""What became of a coupon: the one pure function that decides it.

Three values, not two. A refusal settles a number only when it is signed and no earlier attempt is open: the
first attempt may time out *and* give the coupon, and the second is then refused because the first used up
the customer's allowance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from wechatpay.answers import CameBack, Checked, Failure, FailureKind, complaint, plain
from wechatpay.codes import Code, CodeClass, find_code, judge, meaning
from wechatpay.errors import Malformed, Unsigned
from wechatpay.send_request import SendRequest

#: 202: taken, not finished; the same request must be repeated.
_NOT_FINISHED = 202
_SUCCESSES = range(200, 300)
_LONGEST_CODE = 128


class SendState(StrEnum):
    """What is known about the coupon of this number."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class NextStep(StrEnum):
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
    LOOK_UP = "look"


_NEXT_STEPS = {
    CodeClass.OPERATOR: NextStep.OPERATOR,
    CodeClass.SLOWER: NextStep.SLOWER,
    CodeClass.LATER: NextStep.REPEAT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What one attempt told us, judged together with the attempts before it. Safe to log."""

    state: SendState
    #: WeChat Pay's signature was there and good.
    verified: bool
    #: May *this* attempt have given the coupon?
    attempt_open: bool
    next_step: NextStep
    #: The answer was a final no, signed or not; whether it counts is said by the other members.
    said_no: bool = False
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
        if self.state is SendState.SENT:
            return None
        return meaning(self.status, self.code, known=self.state is SendState.REFUSED)


def judge_send(sent: SendRequest, came_back: CameBack, *, earlier_open: bool) -> SendResult:
    """Judge one attempt. `earlier_open`: an earlier attempt of this number may have given the coupon."""
    return judge_attempt(
        came_back, lambda checked: _given(sent, checked), earlier_open=earlier_open, hide=sent.openid
    )


def judge_attempt(
    came_back: CameBack, judge_success: Callable[[Checked], SendResult], *, earlier_open: bool, hide: str
) -> SendResult:
    """Of any call that has a number of its own. `judge_success` judges a genuine 2xx; `hide` is an openid to
    keep out of messages."""
    if isinstance(came_back, Failure):
        return _without_answer(came_back, earlier_open=earlier_open)
    answer, doubt = came_back.answer, came_back.doubt
    success = answer.status in _SUCCESSES and answer.status != _NOT_FINISHED
    # A signature that does not hold makes the answer worth nothing, even as a refusal. One that is missing
    # is normal for refusals (SIGN_ERROR is never signed), and as good as forged for a success.
    if doubt is not None and (success or not isinstance(doubt, Unsigned)):
        message = plain(doubt.message, hide=hide)
        return unknown(came_back, NextStep.REPEAT, code=doubt.code, message=message)
    if success:
        return judge_success(came_back)
    said = complaint(answer, hide=hide)
    code = judge(answer.status, said.code)
    state, next_step, attempt_open = _refusal(
        code.code_class, verified=came_back.verified, earlier_open=earlier_open
    )
    return replace(
        unknown(came_back, next_step, code=code.name, message=said.message),
        state=state,
        attempt_open=attempt_open,
        said_no=code.code_class is CodeClass.FINAL,
    )


def _without_answer(failure: Failure, *, earlier_open: bool) -> SendResult:
    left = failure.kind is not FailureKind.NEVER_LEFT
    return SendResult(
        state=SendState.UNKNOWN if left or earlier_open else SendState.REFUSED,
        verified=False,
        attempt_open=left,
        next_step=NextStep.REPEAT,
        code=failure.code,
        message=failure.message,
        request_id=failure.request_id,
    )


def _given(sent: SendRequest, checked: Checked) -> SendResult:
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
        return done(checked, coupon_code=coupon_code)
    return not_as_promised(checked, wrong, hide=sent.openid)


def done(checked: Checked, *, coupon_code: str | None = None) -> SendResult:
    """What was asked for happened, by a genuine answer."""
    return SendResult(
        state=SendState.SENT,
        verified=checked.verified,
        attempt_open=True,
        next_step=NextStep.NONE,
        coupon_code=coupon_code,
        status=checked.answer.status,
        request_id=checked.answer.request_id,
        serial_no=checked.serial_no,
        retry_after=checked.answer.retry_after,
        hint=checked.answer.hint,
    )


def not_as_promised(checked: Checked, wrong: Sequence[str], *, hide: str) -> SendResult:
    """A genuine 2xx that lacks or changes these members."""
    said = find_code(complaint(checked.answer, hide=hide).code)
    if said is not None and said.code_class is CodeClass.UNKNOWN:  # SYSTEM_ERROR counts at any status
        return unknown(checked, NextStep.REPEAT, code=said.name, message="")
    message = f"the genuine answer lacks or changes {', '.join(wrong)}"
    return unknown(checked, NextStep.LOOK_UP, code=Malformed.code, message=message)


def _is_coupon_code(value: object) -> bool:
    """Longer codes than we may send are read all the same; unprintable ones cannot be posted or stored."""
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_CODE and value.isprintable()


def _refusal(
    code_class: CodeClass, *, verified: bool, earlier_open: bool
) -> tuple[SendState, NextStep, bool]:
    """What is known, what to do next, and whether this attempt stays open."""
    match code_class:
        case CodeClass.UNKNOWN:
            return SendState.UNKNOWN, NextStep.REPEAT, True
        case CodeClass.EXISTS:
            # Some attempt of this number has probably given it. Kept open, so that a later refusal (by then
            # the allowance is used up) cannot settle the number.
            return SendState.UNKNOWN, NextStep.LOOK_UP, True
        case CodeClass.FINAL:
            if verified and not earlier_open:
                return SendState.REFUSED, NextStep.FINAL, False
            return SendState.UNKNOWN, NextStep.LOOK_UP, not verified
        case CodeClass.OPERATOR | CodeClass.SLOWER | CodeClass.LATER:
            # An unsigned refusal leaves the attempt open: anybody in between could have faked it.
            state = SendState.UNKNOWN if earlier_open else SendState.REFUSED
            return state, _NEXT_STEPS[code_class], not verified


def unknown(checked: Checked, next_step: NextStep, *, code: str, message: str) -> SendResult:
    """What is assumed of any answer until more is known: the coupon may have been given."""
    answer = checked.answer
    return SendResult(
        state=SendState.UNKNOWN,
        verified=checked.verified,
        attempt_open=True,
        next_step=next_step,
        status=answer.status,
        code=code,
        message=message,
        request_id=answer.request_id,
        serial_no=checked.serial_no,
        retry_after=answer.retry_after,
        hint=answer.hint,
    )
