"""What a click was made on: whether that shows the request as it is now."""

from __future__ import annotations

from coupons.model import Click, ClickAction, Request
from coupons.permissions import YES, Decision, Reason

#: Between a request's number and the offer that it was changed by, in `Clicked.out_request_no`.
_OFFER_MARK = "."
#: Clicked in the requester's direct messages, of which each button says which request it is about.
_IN_MESSAGES = frozenset({ClickAction.ANSWER, ClickAction.ACCEPT_OFFER, ClickAction.DECLINE_OFFER})
#: By a command, with the number of a request.
_TYPED = frozenset({ClickAction.RETRY, ClickAction.CLOSE, ClickAction.UNDO, ClickAction.LOOK_UP_COUPON})


def was_shown(request: Request, click: Click) -> Decision:
    """Whether the click was made on what shows this very request: its card as it stands now, or Home.

    Numbers of requests are given out again when an older file is put back, and old cards keep their buttons.
    """
    number, _, offer = click.out_request_no.partition(_OFFER_MARK)
    if click.message_ts and click.action not in _IN_MESSAGES:
        on_card = (click.channel, click.message_ts) == (request.card_channel, request.card_ts)
        shown = YES if on_card else Decision(Reason.OTHER_CARD)
    elif click.out_request_no:
        shown = YES if number == request.out_request_no else Decision(Reason.OTHER_REQUEST)
    else:
        shown = Decision(Reason.OTHER_CARD)
    if shown.allowed and click.action is ClickAction.APPROVE and offer != _offer_of(request):
        # Approved is what people see: not what a smaller coupon took the place of a moment ago.
        return Decision(Reason.OTHER_COUPON)
    if click.message_ts or click.out_request_no:
        return shown
    # Whoever types a number means the request that has it now. Nothing else can be typed.
    return YES if click.action in _TYPED else Decision(Reason.OTHER_CARD)


def shown_as(request: Request) -> str:
    """What a button that approves carries: which request it is, and which coupon it is for now."""
    offer = _offer_of(request)
    return f"{request.out_request_no}{_OFFER_MARK}{offer}" if offer else request.out_request_no


def _offer_of(request: Request) -> str:
    return "" if request.offer is None else str(request.offer)
