"""WeChat Pay's codes, and our own, as sentences: one for who asked, one for who must put it right.

Codes are compared without case and underscores, because their spelling varies between WeChat Pay's pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handlers.views import causes
from handlers.views.escaping import code as code_span
from handlers.views.words import N_, Words


@dataclass(frozen=True, slots=True)
class Advice:
    """`agent`: why, and after a final no what to do instead. `operator`: what a retry needs to succeed.

    Both as keys of the catalogues.
    """

    agent: str
    operator: str


_OUR_SIDE = N_("Something is not set up right between this bot and WeChat Pay.")
_STOCK_USED_UP = N_("This stock is used up for now.")
_TOO_FAST = Advice(
    N_("WeChat Pay was too busy to take it."),
    N_(
        "WeChat Pay says that calls come too fast. Wait a few minutes, and if it comes again ask WeChat Pay "
        "for a higher rate."
    ),
)
_USER_LIMIT = Advice(
    N_("This customer already has as many coupons of this stock as WeChat Pay allows. Choose another stock."),
    N_(
        "The customer has reached the stock's maximum for one user. Nothing can be put right here but the "
        "stock's max_coupons_per_user."
    ),
)
_NO_SUCH_USER = Advice(
    N_(
        "WeChat Pay does not know this openid. Check that it was copied whole, and from the right app or "
        "mini program; then ask again."
    ),
    N_(
        "WeChat Pay does not know the openid. Check that WECHATPAY_APPID is the AppID that issued the "
        "openids which agents see."
    ),
)
_NO_SUCH_STOCK = Advice(
    N_("WeChat Pay does not know this stock, or it is not ours. Tell an operator, and choose another stock."),
    N_(
        "WeChat Pay knows no such stock for this merchant. Compare stock_id in coupon.toml with the merchant "
        "platform, and see who created the stock."
    ),
)
_NUMBER_USED = Advice(
    N_(
        "WeChat Pay says that this request's out_request_no was used before, so the customer may have the "
        "coupon already."
    ),
    N_(
        "WeChat Pay says that the out_request_no was used before, yet the coupon is not in the customer's "
        "list. Look for the out_request_no on the merchant platform before you retry."
    ),
)
_NOT_REACHED = Advice(
    N_("WeChat Pay could not be reached."),
    N_(
        "WeChat Pay could not be reached for a long time. Check the network, the proxy and the name lookup "
        "(`coupon-bot doctor`); then retry."
    ),
)
_NO_ANSWER = Advice(
    N_("No answer of WeChat Pay's could be believed so far."),
    N_(
        "No answer of WeChat Pay's could be believed for a long time. Look for the out_request_no on the "
        "merchant platform; then retry."
    ),
)
_TROUBLE = Advice(
    N_("WeChat Pay has trouble of its own and gives no clear answer."),
    N_(
        "WeChat Pay answers that it has trouble of its own. Look for the out_request_no on the merchant "
        "platform; then retry."
    ),
)
_GATEWAY = Advice(
    _NO_ANSWER.agent,
    N_(
        "Something answers in WeChat Pay's place (a gateway or a proxy) and does not say what became of it. "
        "Check the proxy and WECHATPAY_API_URL (`coupon-bot doctor`), and look for the out_request_no on the "
        "merchant platform; then retry."
    ),
)
_NOTHING_LEFT = N_("There is nothing left to take back, and nothing to put right.")
_NOT_GENUINE = N_("An answer came that nobody can prove to be WeChat Pay's.")

_ADVICE: Mapping[str, Advice] = {
    "SIGN_ERROR": Advice(
        _OUR_SIDE,
        N_(
            "WeChat Pay does not accept our signature. Check WECHATPAY_PRIVATE_KEY, WECHATPAY_SERIAL_NO "
            "(both of the same certificate, not run out), WECHATPAY_MCHID and this machine's clock; then "
            "retry."
        ),
    ),
    "NO_AUTH": Advice(
        _OUR_SIDE,
        N_(
            "WeChat Pay says that this merchant may not call the coupon API, or may not give this stock. "
            "Check the permission on the merchant platform, and who created the stock (another merchant's "
            "stock needs delegated marketing, 委托营销); then retry."
        ),
    ),
    "REQUEST_BLOCKED": Advice(
        _OUR_SIDE,
        N_(
            "WeChat Pay's merchant or risk check stopped the call. Look at the merchant platform for "
            "notices, or ask WeChat Pay's support with the Request-ID in the audit log; then retry."
        ),
    ),
    "APPID_MCHID_NOT_MATCH": Advice(
        _OUR_SIDE,
        N_(
            "WECHATPAY_APPID is not bound to the merchant WECHATPAY_MCHID. Bind it on the merchant "
            "platform, or correct the setting; then retry."
        ),
    ),
    "MCH_NOT_EXISTS": Advice(
        _OUR_SIDE,
        N_("WeChat Pay does not know the merchant number. Correct WECHATPAY_MCHID; then retry."),
    ),
    "NOT_ENOUGH": Advice(
        _STOCK_USED_UP,
        N_("The stock is used up. Raise its max_coupons (its budget) on the merchant platform; then retry."),
    ),
    "MAX_QUOTA": Advice(
        _STOCK_USED_UP,
        N_(
            "The stock's quota is used up. Raise its max_coupons (its budget) on the merchant platform; then "
            "retry."
        ),
    ),
    "NOT_MONEY": Advice(
        _STOCK_USED_UP,
        N_("The stock's budget has no money left. Raise it on the merchant platform; then retry."),
    ),
    "DAY_LIMIT": Advice(
        N_("This stock has reached its maximum for today."),
        N_(
            "The stock has reached its maximum for today. Retry tomorrow (China time), or raise "
            "max_coupons_by_day first."
        ),
    ),
    "NOT_RUNNING": Advice(
        N_("This stock is paused or has not begun."),
        N_("The stock is not running. Start it on the merchant platform; then retry."),
    ),
    "STATEMENT_CREATING": Advice(
        N_("WeChat Pay is still preparing this stock."),
        N_("WeChat Pay is still preparing the stock. Wait until it is running; then retry."),
    ),
    "EXPIRED": Advice(
        N_("This stock's period is over. Choose another stock."),
        N_("The stock's period is over and cannot be lengthened. Take the stock out of coupon.toml."),
    ),
    "PARAM_ERROR": Advice(
        N_(
            "WeChat Pay says that the openid or the stock is not written as it must be. Check both, then ask "
            "again."
        ),
        N_("WeChat Pay says that a field is wrong; the audit log names it (event attempt:finished)."),
    ),
    "INVALID_REQUEST": Advice(
        N_(
            "WeChat Pay does not take this combination of customer and stock: the openid may be of another "
            "app, or the stock's time has not come or is over. Check both, then ask again."
        ),
        N_(
            "WeChat Pay's own words are in the audit log (event attempt:finished). Usual causes: openid of "
            "another AppID, campaign not begun or over, wrong code_mode in coupon.toml."
        ),
    ),
    "RESOURCE_NOT_EXISTS": _NO_SUCH_STOCK,
    "NOT_FOUND": _NO_SUCH_STOCK,
    "ORDER_NOT_EXIST": _NO_SUCH_STOCK,
    "USER_NOT_EXISTS": _NO_SUCH_USER,
    "USER_GET_FAILED": _NO_SUCH_USER,
    "USER_ACCOUNT_ABNORMAL": Advice(
        N_(
            "WeChat Pay's abuse check does not let this account have coupons. Compensate the customer in "
            "another way."
        ),
        N_("WeChat Pay's abuse check rejected the customer's account. Nothing can be put right here."),
    ),
    "RULE_LIMIT": _USER_LIMIT,
    "USER_LIMIT": _USER_LIMIT,
    "NATURE_LIMIT": Advice(
        N_(
            "The person behind this account already has as many coupons of this stock as WeChat Pay allows, "
            "perhaps through another account. Choose another stock."
        ),
        N_(
            "The person has reached the stock's maximum, counted over all accounts (natural_person_limit). "
            "Nothing can be put right here but the stock's own rules."
        ),
    ),
    "SYSTEM_ERROR": _TROUBLE,
    "SERVICE_UNAVAILABLE": _TROUBLE,
    "RATELIMIT_EXCEEDED": _TOO_FAST,
    "RATELIMIT_EXCEED": _TOO_FAST,
    "RATE_LIMITED": _TOO_FAST,
    "FREQUENCY_LIMITED": _TOO_FAST,
    "FREQUENCY_LIMIT": _TOO_FAST,
    "FREQUENCY_LIMIT_EXCEED": _TOO_FAST,
    "ALREADY_EXISTS": _NUMBER_USED,
    "RESOURCE_ALREADY_EXISTS": _NUMBER_USED,
    "DUP_REQUEST": _NUMBER_USED,
    # Ours, where no answer came or none that can be believed.
    "NO_CLEAR_ANSWER": _NO_ANSWER,
    "INTERRUPTED": Advice(N_("The bot was stopped while it was asking WeChat Pay."), _NO_ANSWER.operator),
    "BODY_CHANGED": Advice(
        N_("What would be sent is not what was asked for and approved, so nothing was sent this time."),
        N_(
            "Somebody changed this request in the database. Do not retry it; `coupon-bot audit verify` names "
            "what was changed. Find out who could write the file, and put a backup back."
        ),
    ),
    "NOT_APPROVED": Advice(
        N_("The audit log does not show the approvals that it needs, so nothing was sent this time."),
        N_(
            "The database says that this request may be sent, and its events show no such approval: somebody "
            "changed it. Do not retry it; `coupon-bot audit verify` names what was changed. Find out who "
            "could write the file, and put a backup back."
        ),
    ),
    "COUPON_USED": Advice(N_("The customer has used it already."), _NOTHING_LEFT),
    "COUPON_EXPIRED": Advice(N_("It has expired, so nobody can use it any more."), _NOTHING_LEFT),
    "COUPON_DELETED": Advice(
        N_("The customer has deleted it, so nobody can use it any more."), _NOTHING_LEFT
    ),
    "TIMEOUT": Advice(
        N_("WeChat Pay did not answer in time."),
        N_(
            "WeChat Pay does not answer in time. Check the network and the proxy (`coupon-bot doctor`), and "
            "look for the out_request_no on the merchant platform; then retry."
        ),
    ),
    "LOST": Advice(
        N_("The connection to WeChat Pay broke before its answer was whole."),
        N_(
            "Connections to WeChat Pay break before its answer is whole. Check the network and the proxy "
            "(`coupon-bot doctor`), and look for the out_request_no on the merchant platform; then retry."
        ),
    ),
    "TOO_LONG": Advice(_NOT_GENUINE, _GATEWAY.operator),
    "HTTP_404": Advice(
        _OUR_SIDE,
        N_(
            "What answers at WeChat Pay's address says 404 (not found), and nothing that WeChat Pay would "
            "say. Correct WECHATPAY_API_URL, or take the proxy out of the way; then retry."
        ),
    ),
    "MALFORMED": Advice(
        _NO_ANSWER.agent,
        N_(
            "WeChat Pay's signed answer lacks what its documentation promises. Look for the out_request_no on"
            " the merchant platform, and read the event attempt:finished in the audit log before you retry."
        ),
    ),
    "CONNECT": _NOT_REACHED,
    "NO_KEYS": Advice(
        _NOT_REACHED.agent,
        N_(
            "The bot holds no key with which to check WeChat Pay's answers, so it does not ask. Check "
            "WECHATPAY_PUBLIC_KEY_ID and WECHATPAY_PUBLIC_KEY, or that platform certificates can be "
            "downloaded (`coupon-bot doctor`); then retry."
        ),
    ),
    "UNSIGNED": Advice(
        _NOT_GENUINE,
        N_(
            "WeChat Pay's answers come without their signature: a proxy strips the Wechatpay- headers, or "
            "answers in WeChat Pay's place. Take it out of the way (`coupon-bot doctor`); then retry."
        ),
    ),
    "STALE": Advice(
        _NOT_GENUINE,
        N_(
            "WeChat Pay's answers are not of now by this machine's clock. Let the clock be set by NTP; if it "
            "is right, a proxy keeps old answers. Then retry."
        ),
    ),
    "UNKNOWN_SERIAL": Advice(
        _NOT_GENUINE,
        N_(
            "WeChat Pay's answers are signed with a key that the bot does not hold. If the merchant has "
            "moved to the public key, set WECHATPAY_PUBLIC_KEY_ID and WECHATPAY_PUBLIC_KEY as the merchant "
            "platform shows them; else see that platform certificates can be downloaded (`coupon-bot "
            "doctor`). Then retry."
        ),
    ),
    "BAD_SIGNATURE": Advice(
        _NOT_GENUINE,
        N_(
            "The signatures of WeChat Pay's answers are wrong: a proxy changes answers, or "
            "WECHATPAY_PUBLIC_KEY is not the key of WECHATPAY_PUBLIC_KEY_ID. Put that right "
            "(`coupon-bot doctor`); then retry."
        ),
    ),
}


def _squash(code: str) -> str:
    return code.replace("_", "").upper()


_BY_CODE = {_squash(code): advice for code, advice in _ADVICE.items()}


def _known(code: str) -> Advice | None:
    # Our own word for an answer without a code of WeChat Pay's; a 4xx of that kind needs a person's eyes.
    gateway = _GATEWAY if re.fullmatch("HTTP_[1235][0-9]{2}", code) else None
    return _BY_CODE.get(_squash(code), gateway)


def cause(words: Words, code: str, *, show: Callable[[str], str] = code_span) -> str:
    """What came of an attempt, in a few words within a sentence: ours said, WeChat Pay's shown. As mrkdwn."""
    known = causes.OURS.get(code)
    if known is not None:
        return words(known)
    if not code:
        return words("no reason was stated")
    if status := causes.status_of(code):
        return words("an answer came with HTTP {status} and no reason", status=status)
    return words("WeChat Pay said {code}", code=show(code))


def for_agent(words: Words, code: str) -> str:
    """Why WeChat Pay said no and, where that is final, what the requester can do. As mrkdwn."""
    known = _known(code)
    if known is not None:
        return words(known.agent)
    if not code:
        return words("WeChat Pay stated no reason.")
    return words(
        "WeChat Pay's reason is {code}, which this bot does not know. Please ask an operator.",
        code=code_span(code),
    )


def for_operator(words: Words, code: str) -> str:
    """What has to be done before a retry can succeed. As mrkdwn."""
    known = _known(code)
    if known is not None:
        return words(known.operator)
    if not code:
        return words(
            "Read the last event attempt:finished of this request in the audit log before you retry."
        )
    return words(
        "WeChat Pay answered {code}, which this bot does not know. Read WeChat Pay's own words "
        "in the audit log (event attempt:finished) before you retry.",
        code=code_span(code),
    )
