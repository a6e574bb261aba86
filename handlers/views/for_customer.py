"""The sentences that an agent pastes to the customer: the stock's own, else the usual ones."""

from __future__ import annotations

from coupons.model import Request, Stock
from handlers.views.words import Languages, Words


def to_paste(
    languages: Languages, request: Request, stock: Stock | None, coupon_code: str
) -> tuple[str, ...]:
    """In both languages, Chinese first: customers of WeChat Pay read it. `stock` None: no longer offered.

    Plain text to copy, not mrkdwn.
    """
    own = stock.customer_words if stock is not None else {}
    days = stock.valid_days if stock is not None else None
    said = (
        (own.get("zh") or _usual(languages.chinese, request, days)),
        (own.get("en") or _usual(languages.english, request, days)),
    )
    # Not `format`: an operator's sentence may hold braces of its own.
    return tuple(sentence.replace("{code}", coupon_code) for sentence in said)


def _usual(words: Words, request: Request, days: int | None) -> str:
    text = words(
        "We have put a coupon of {value} into your WeChat Pay cards. Its code is {code}.",
        value=words.money(request.value_fen),
        code="{code}",
    )
    if days is None:
        return text
    return words.sentences(
        text, words.plural("It can be used for 1 day.", "It can be used for {n} days.", days)
    )
