"""For all calls but a send: a genuine answer's members, or the error that says why there are none."""

from __future__ import annotations

from typing import Any

from wechatpay.answers import Answer, CameBack, Failure, FailureKind, complaint
from wechatpay.codes import CodeClass, judge
from wechatpay.errors import Malformed, NoAnswer, NotSent, Refused, Trouble, Unsigned

OK = 200


def members_of(came_back: CameBack, *, hide: str) -> dict[str, Any]:
    """The JSON object of a genuine 200. `hide` is an openid to keep out of error texts.

    Raises NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed.
    """
    if isinstance(came_back, Failure):
        raise failed(came_back)
    answer, doubt = came_back.answer, came_back.doubt
    # Refusals are often unsigned (SIGN_ERROR always): they are raised as such, marked unverified.
    if doubt is not None and (answer.status == OK or not isinstance(doubt, Unsigned)):
        doubt.status, doubt.request_id = answer.status, answer.request_id
        raise doubt
    if answer.status != OK:
        raise refused(answer, verified=came_back.verified, hide=hide)
    members = answer.members()
    if members is None:
        raise malformed("the answer is no JSON object", answer)
    return members


def failed(failure: Failure) -> NotSent | NoAnswer:
    """No answer came."""
    error = NotSent if failure.kind is FailureKind.NEVER_LEFT else NoAnswer
    return error(failure.code, failure.message, request_id=failure.request_id)


def refused(answer: Answer, *, verified: bool, hide: str) -> Refused | Trouble:
    """The answer is no 200."""
    said = complaint(answer, hide=hide)
    code = judge(answer.status, said.code)
    if code.code_class is CodeClass.UNKNOWN:
        return Trouble(
            code.name, said.message, status=answer.status, request_id=answer.request_id, verified=verified
        )
    error = Refused(
        code.name,
        said.message,
        status=answer.status,
        request_id=answer.request_id,
        verified=verified,
        may_repeat=code.code_class in (CodeClass.LATER, CodeClass.SLOWER),
        hint=answer.hint,
    )
    if code.code_class is CodeClass.EXISTS:
        # The number was used before: whether for this very request only a look can tell.
        error.outcome_known = False
    return error


def malformed(what: str, answer: Answer) -> Malformed:
    """The answer is genuine and useless."""
    return Malformed(what, status=answer.status, request_id=answer.request_id, verified=True)
