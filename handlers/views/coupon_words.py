"""What became of a coupon, in words: only what WeChat Pay said, and how old that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from coupons.coupon_states import CouponState, KnownCoupon
from coupons.masking import masked
from coupons.model import Request
from handlers.views import problems
from handlers.views.escaping import code, inert
from handlers.views.message import Block, Message, button, message, section
from handlers.views.words import N_, Words

_USABLE_UNTIL: Final = N_("The customer has not used the coupon yet, and can until {time}.")
#: By WeChat Pay's word: where it says when, and where it does not.
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    CouponState.SENDED: (_USABLE_UNTIL, N_("The customer has not used the coupon yet.")),
    CouponState.USED: (N_("The customer used the coupon {time}."), N_("The customer used the coupon.")),
    CouponState.EXPIRED: (
        N_("The customer did not use the coupon: it expired {time}."),
        N_("The customer did not use the coupon: it expired."),
    ),
    CouponState.DELETED: (N_("The customer deleted the coupon."), N_("The customer deleted the coupon.")),
    CouponState.DEACTIVATED: (
        N_("The coupon was deactivated {time}: nobody can use it."),
        N_("The coupon was deactivated: nobody can use it."),
    ),
}
_UNTIL: Final = frozenset({CouponState.SENDED, CouponState.EXPIRED})


def coupon_line(words: Words, known: KnownCoupon | None) -> str:
    """One to three sentences in mrkdwn."""
    if known is None:
        return words("Not known: WeChat Pay was not asked yet what became of the coupon.")
    if not known.state:
        return words(
            "Not known what became of the coupon: when WeChat Pay was asked ({time}), {cause}.",
            time=words.moment(known.tried_at),
            cause=problems.cause(words, known.problem),
        )
    return words.sentences(_became(words, known), _how_old(words, known))


def _became(words: Words, known: KnownCoupon) -> str:
    if known.state not in _STATES:
        return words("WeChat Pay says of the coupon: {state}.", state=code(known.state, limit=40))
    timed, untimed = _STATES[known.state]
    at = known.valid_until if known.state in _UNTIL else known.happened_at
    return words(timed, time=words.moment(at)) if at is not None else words(untimed)


def _how_old(words: Words, known: KnownCoupon) -> str:
    since = words("WeChat Pay said so {time}.", time=words.moment(known.known_at or known.tried_at))
    if not known.problem:
        return since
    return words.sentences(
        since,
        words(
            "Not known whether that has changed: when it was last asked ({time}), {cause}.",
            time=words.moment(known.tried_at),
            cause=problems.cause(words, known.problem),
        ),
    )


def being_asked(words: Words) -> str:
    """Below what is known from before."""
    return words("WeChat Pay is being asked now; its answer follows.")


def with_coupon(words: Words, shown: Message, known: KnownCoupon | None) -> Message:
    """What `/coupon status` shows of a sent request, and what is known of its coupon by now."""
    text = words.sentences(coupon_line(words, known), being_asked(words))
    return message(words.sentences(shown.text, text), *shown.blocks, section(text))


def look_up_button(words: Words, request: Request) -> Block:
    """On the card of what was sent."""
    return button(words("What became of it?"), "look_up_coupon", str(request.id))


def coupon_answer(words: Words, requests: Sequence[Request], known: Mapping[int, KnownCoupon]) -> Message:
    """What WeChat Pay said of one coupon, or of a customer's newest ones."""
    if not requests:
        return message(words("No coupon of this customer can be asked about at WeChat Pay."))
    heading = ""
    if len(requests) > 1:
        heading = words("Coupons of customer {customer}:", customer=code(masked(requests[0].openid)))
    lines = [
        words(
            "*#{number}* {stock} ({value}): {coupon}",
            number=request.id,
            stock=inert(request.stock_name, 40),
            value=words.money(request.value_fen),
            coupon=coupon_line(words, known.get(request.id)),
        )
        for request in requests
    ]
    shown = [*([heading] if heading else []), *lines]
    return message("\n".join(shown), *map(section, shown))
