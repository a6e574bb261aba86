"""Ephemeral answers to people whose click changed nothing: why, and how things stand instead."""

from __future__ import annotations

from coupons.events import Recorded, Tag
from coupons.model import ClickAction, Request
from coupons.policy import Reason, may_cancel
from handlers.views.message import Message, message
from handlers.views.standing import standing
from handlers.views.steps import step

_NOTHING_CHANGED = "Nothing has changed."


def answer(event: Recorded, request: Request | None) -> Message:
    """Told from a `click:refused`; any other event is told as in the thread."""
    if event.tag != Tag.CLICK_REFUSED:
        return step(event, request) if request is not None else message(_NOTHING_CHANGED)
    reason, action = event.detail.get("reason"), event.detail.get("action")
    if request is None:
        about_person = _about_person(reason)
        return message(about_person or _no_such_request(event.detail.get("asked_for")))
    return message(_about_person(reason) or _about_request(reason, action, request))


def _about_person(reason: object) -> str | None:
    """Why this person decides nothing at all here."""
    match reason:
        case Reason.OUTSIDER:
            return (
                f"{_NOTHING_CHANGED} You are here from another company or workspace, and only people of this "
                "workspace may decide about coupons."
            )
        case Reason.GUEST:
            return (
                f"{_NOTHING_CHANGED} You are a guest in this workspace, and guests may not decide about "
                "coupons."
            )
        case Reason.BOT:
            return f"{_NOTHING_CHANGED} Only people may decide about coupons, and this account is a bot."
        case Reason.DEACTIVATED:
            return f"{_NOTHING_CHANGED} This account is deactivated, so it may not decide about coupons."
        case _:
            return None


def _about_request(reason: object, action: object, request: Request) -> str:  # noqa: PLR0911 - one for each reason
    number = request.id
    match reason:
        case Reason.SELF:
            return (
                f"{_NOTHING_CHANGED} Request #{number} is your own, so somebody else must decide. "
                f"{_withdraw(request) or _now(request)}"
            )
        case Reason.NOT_APPROVER if action == ClickAction.RETRY:
            return f"{_NOTHING_CHANGED} Only those who may approve request #{number} may retry it."
        case Reason.NOT_APPROVER:
            return (
                f"{_NOTHING_CHANGED} You are not among those who may decide about request #{number}. "
                "The card names who may."
            )
        case Reason.ALREADY_APPROVED if action == ClickAction.DECLINE:
            return (
                f"{_NOTHING_CHANGED} You have approved request #{number} already, so you cannot decline it "
                f"too. {_now(request)}"
            )
        case Reason.ALREADY_APPROVED:
            return (
                f"{_NOTHING_CHANGED} You have approved request #{number} already, and your approval counts "
                f"once. {_now(request)}"
            )
        case Reason.TOO_LATE:
            return f"{_NOTHING_CHANGED} Your click on request #{number} came too late. {_now(request)}"
        case Reason.NOT_HELD:
            return (
                f"{_NOTHING_CHANGED} Request #{number} is not held, so there is nothing to retry. "
                f"{_now(request)}"
            )
        case _:
            return f"{_NOTHING_CHANGED} This could not be done with request #{number}. {_now(request)}"


def _withdraw(request: Request) -> str:
    if not may_cancel(request, request.requester).allowed:
        return ""
    return f"To withdraw it, type `/coupon cancel {request.id}`."


def _now(request: Request) -> str:
    now = standing(request)
    return f"Where it stands: {now.headline}. {now.details}"


def _no_such_request(number: object) -> str:
    if isinstance(number, int):
        return f"{_NOTHING_CHANGED} There is no request #{number}."
    return f"{_NOTHING_CHANGED} There is no such request."
