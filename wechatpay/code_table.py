"""What error codes mean for a coupon, as one table: class, who must act, a sentence for each who reads.

Read by `wechatpay.codes` only. No list was ever published for `coupons/send` itself; these come from the
busifavor pages and from its siblings (cash coupons, the mini-program plugin, product coupons). One code has
many messages, and its spelling varies between pages, so codes are compared without case and underscores.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CodeClass(StrEnum):
    """What a code says about the attempt it answers."""

    #: It may or may not have been carried out.
    UNKNOWN = "unknown"
    #: Not done, not yet possible: the same again later.
    LATER = "later"
    #: Not done, too fast.
    SLOWER = "slower"
    #: Not done; a person puts something right, then the same number again.
    OPERATOR = "operator"
    #: Not done, and the same request will never be done.
    FINAL = "final"
    #: The number was used before: the coupon is probably there.
    EXISTS = "exists"


class Actor(StrEnum):
    """Who must act before the same request can succeed (or instead of it)."""

    #: Waiting is enough.
    NOBODY = "nobody"
    #: Whoever runs the program: keys, serial numbers, permissions, AppID, merchant number.
    OPERATOR = "operator"
    #: Whoever owns the stock: budget, daily maximum, state.
    STOCK_OWNER = "stock_owner"
    #: Whoever asked: another customer, another stock.
    REQUESTER = "requester"


@dataclass(frozen=True, slots=True)
class Code:
    """One row. Both sentences are plain text without anything of the request in them."""

    name: str
    code_class: CodeClass
    actor: Actor
    #: For whoever talks with the customer: why and, after a final no, what to do instead.
    agent: str
    #: For whoever can put it right: what is the matter and what to look at.
    operator: str
    #: Other words for the same. Case and underscores never count: NOAUTH is NO_AUTH.
    variants: tuple[str, ...] = ()


_OUR_SIDE = "Something is not set up right between us and WeChat Pay; an operator has to look at it."
_NOT_CLEAR = "WeChat Pay has not given a clear answer, so the customer may have the coupon already."
_USED_UP = "This stock is used up for now."
_LOOK_UP = "look up the number on the merchant platform; the same number never gives a second coupon"

THEIRS = (
    # Also with HTTP 400 in this product.
    Code(
        "SYSTEM_ERROR",
        CodeClass.UNKNOWN,
        Actor.NOBODY,
        _NOT_CLEAR,
        f"WeChat Pay had trouble of its own. Repeat the same request; if that lasts, {_LOOK_UP}.",
        variants=("SERVICE_UNAVAILABLE",),
    ),
    Code(
        "RATELIMIT_EXCEEDED",
        CodeClass.SLOWER,
        Actor.NOBODY,
        "WeChat Pay was too busy to take it.",
        "Calls come faster than WeChat Pay allows. Repeat the same request slower; if it lasts, have the "
        "rate raised.",
        variants=(
            "RATELIMIT_EXCEED",
            "RATE_LIMITED",
            "FREQUENCY_LIMITED",
            "FREQUENCY_LIMIT",
            "FREQUENCY_LIMIT_EXCEED",
        ),
    ),
    Code(
        "STATEMENT_CREATING",
        CodeClass.LATER,
        Actor.NOBODY,
        "WeChat Pay is still preparing this stock.",
        "The stock is still being made. Repeat the same request when it is running.",
    ),
    # Never signed, since our own signature did not hold.
    Code(
        "SIGN_ERROR",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "WeChat Pay does not accept our signature. See that private key and serial number are of one and the "
        "same certificate, that it has not run out, that the merchant number is its owner's, and that the "
        "clock is right.",
    ),
    # The first error a new merchant meets: the endpoint is permission-gated, and so are others' stocks.
    Code(
        "NO_AUTH",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "This merchant may not call this API, or may not give this stock. See the merchant platform for the "
        "permission, and who created the stock: another merchant's needs delegated marketing (委托营销).",
    ),
    Code(
        "REQUEST_BLOCKED",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "A permission or risk check of the merchant stopped the call. Look for notices on the merchant "
        "platform, or ask WeChat Pay's support with the Request-ID.",
    ),
    Code(
        "APPID_MCHID_NOT_MATCH",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "The AppID is not bound to the merchant number. Bind it on the merchant platform, or correct one of "
        "the two.",
    ),
    Code(
        "MCH_NOT_EXISTS",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "WeChat Pay does not know the merchant number. Correct it.",
    ),
    Code(
        "NOT_ENOUGH",
        CodeClass.OPERATOR,
        Actor.STOCK_OWNER,
        _USED_UP,
        "The stock is used up. Raise its max_coupons (its budget).",
        variants=("MAX_QUOTA",),
    ),
    Code(
        "NOT_MONEY",
        CodeClass.OPERATOR,
        Actor.STOCK_OWNER,
        _USED_UP,
        "No money is left in the stock's budget. Raise it.",
    ),
    Code(
        "DAY_LIMIT",
        CodeClass.OPERATOR,
        Actor.STOCK_OWNER,
        "This stock has reached its maximum for today.",
        "The stock's daily maximum is reached. Wait until tomorrow (China time), or raise "
        "max_coupons_by_day.",
    ),
    Code(
        "NOT_RUNNING",
        CodeClass.OPERATOR,
        Actor.STOCK_OWNER,
        "This stock is paused or has not begun.",
        "The stock is paused or stopped. Start it on the merchant platform.",
    ),
    # The period can only be changed before it ends.
    Code(
        "EXPIRED",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "This stock's period is over. Choose another stock.",
        "The stock's period is over and can no longer be lengthened. Offer it no more.",
    ),
    Code(
        "PARAM_ERROR",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "The openid or the stock is not written as it must be. Check both, then ask again.",
        "A field of the request is wrong; the message names it. If the caller's input was right, this is a "
        "bug of the program.",
    ),
    Code(
        "INVALID_REQUEST",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "This customer and this stock do not go together: the openid may be of another app, or the stock's "
        "time has not come or is over. Check both, then ask again.",
        "Not now or not so; read the message. Usual causes: an openid of another AppID, a campaign not begun "
        "or over, a coupon_code that the stock's code mode does not take.",
    ),
    Code(
        "RESOURCE_NOT_EXISTS",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "WeChat Pay does not know this stock or coupon, or it is not ours. Choose another.",
        "No such stock or coupon for this merchant. Compare the number with the merchant platform, and see "
        "who created the stock.",
        variants=("NOT_FOUND", "ORDER_NOT_EXIST"),
    ),
    Code(
        "USER_NOT_EXISTS",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "WeChat Pay does not know this openid. Check that it was copied whole and from the right app; then "
        "ask again.",
        "The openid is unknown. See that the AppID is the one that issued the openids.",
        variants=("USER_GET_FAILED",),
    ),
    Code(
        "USER_ACCOUNT_ABNORMAL",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "WeChat Pay's abuse check lets this account have no coupons. Compensate the customer in another way.",
        "The abuse check rejected the customer's account. There is nothing to put right.",
    ),
    Code(
        "RULE_LIMIT",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "This customer already has as many coupons of this stock as its rules allow. Choose another stock.",
        "The customer has the stock's maximum for one user (max_coupons_per_user).",
        variants=("USER_LIMIT",),
    ),
    Code(
        "NATURE_LIMIT",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "The person behind this account already has as many coupons of this stock as its rules allow, "
        "perhaps through another account. Choose another stock.",
        "The person has the stock's maximum, counted over all accounts (natural_person_limit).",
    ),
    Code(
        "ALREADY_EXISTS",
        CodeClass.EXISTS,
        Actor.NOBODY,
        "This request's number was used before, so the customer probably has the coupon already.",
        "The number was used before. Look at the customer's coupons, and count it as sent if it is there.",
        # For the last the plugin's official advice is to count it as success.
        variants=("RESOURCE_ALREADY_EXISTS", "DUP_REQUEST"),
    ),
)

_NOT_GENUINE = "An answer came that nobody can prove to be WeChat Pay's."
_NOT_REACHED = "WeChat Pay could not be reached; nothing has been given by this attempt."

#: Ours, where no answer came or none that can be believed, and where nothing was asked.
OURS = (
    Code(
        "CONNECT",
        CodeClass.LATER,
        Actor.NOBODY,
        _NOT_REACHED,
        "No connection to WeChat Pay. If it lasts, check the network, the name lookup, the proxy and whether "
        "the server's certificate is trusted here.",
    ),
    Code(
        "NO_KEYS",
        CodeClass.LATER,
        Actor.OPERATOR,
        _NOT_REACHED,
        "There is no key to check WeChat Pay's answers with, so nothing is asked. Configure the WeChat Pay "
        "public key and its id, or see why the platform certificates cannot be downloaded.",
    ),
    Code(
        "TIMEOUT",
        CodeClass.UNKNOWN,
        Actor.NOBODY,
        _NOT_CLEAR,
        f"The request left and no whole answer came. Repeat the same request; if it lasts, {_LOOK_UP}.",
    ),
    Code(
        "LOST",
        CodeClass.UNKNOWN,
        Actor.NOBODY,
        _NOT_CLEAR,
        "The connection broke after the request had left. Repeat the same request; if it lasts, see what "
        f"stands in between, and {_LOOK_UP}.",
    ),
    Code(
        "TOO_LONG",
        CodeClass.UNKNOWN,
        Actor.OPERATOR,
        _NOT_GENUINE,
        "The answer was longer than any of WeChat Pay's and was given up. See what stands between this "
        "machine and WeChat Pay.",
    ),
    Code(
        "UNSIGNED",
        CodeClass.UNKNOWN,
        Actor.OPERATOR,
        _NOT_GENUINE,
        "The answer has no signature: a proxy strips the Wechatpay- headers, or it is forged.",
    ),
    Code(
        "STALE",
        CodeClass.UNKNOWN,
        Actor.OPERATOR,
        _NOT_GENUINE,
        "The answer's timestamp is more than 300 s away from this machine's clock. Have the clock set by "
        "NTP; if it is right, the answer is a replay.",
    ),
    Code(
        "UNKNOWN_SERIAL",
        CodeClass.UNKNOWN,
        Actor.OPERATOR,
        _NOT_GENUINE,
        "The answer is signed with a key that is not held here. Compare the id of the WeChat Pay public key "
        "with the merchant platform, or see that the platform certificates can be downloaded.",
    ),
    Code(
        "BAD_SIGNATURE",
        CodeClass.UNKNOWN,
        Actor.OPERATOR,
        _NOT_GENUINE,
        "The signature does not fit the answer. Now and then WeChat Pay sends such answers as a test; if all "
        "are so, the public key is another's than its id says, or a proxy changes answers.",
    ),
    # What `answers.complaint` calls a 404 without a code: WeChat Pay's own always have one.
    Code(
        "HTTP_404",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "What answers at the configured address says 404 (not found), and nothing that WeChat Pay would say. "
        "Correct the address of WeChat Pay, or take the proxy out of the way.",
    ),
    Code(
        "MALFORMED",
        CodeClass.UNKNOWN,
        Actor.OPERATOR,
        _NOT_CLEAR,
        "WeChat Pay's signed answer lacks what its documentation promises. Read it before anything is "
        f"repeated, and {_LOOK_UP}.",
    ),
    Code(
        "BAD_SETTING",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "A key, number or address in the settings cannot be right; the message says which and what would be.",
    ),
    Code(
        "BAD_REQUEST",
        CodeClass.FINAL,
        Actor.REQUESTER,
        "Nothing was sent: the openid or the stock cannot be right. Check both, then ask again.",
        "A field is outside WeChat Pay's published limits; the message names each. Nothing was sent.",
    ),
    Code(
        "UNDECRYPTABLE",
        CodeClass.OPERATOR,
        Actor.OPERATOR,
        _OUR_SIDE,
        "The text was not sealed with our APIv3 key. Compare the key with the one set on the merchant "
        "platform; if it is the same, the text was changed on the way.",
    ),
)

#: An answer that is no success and says nothing that is known: unclear whether it was done.
UNCLEAR = Code(
    "",
    CodeClass.UNKNOWN,
    Actor.NOBODY,
    _NOT_CLEAR,
    f"The answer does not say whether it was done. Repeat the same request; if it lasts, {_LOOK_UP}.",
)
#: A refusal under a code that nobody has met yet.
STRANGE = Code(
    "",
    CodeClass.OPERATOR,
    Actor.OPERATOR,
    "WeChat Pay gives a reason that is not known here; an operator has to look at it.",
    "WeChat Pay gives a reason that is not known here. Read its own words, or ask its support with the "
    "Request-ID.",
)
#: In place of what to do instead, where a final no may not be the last word: the coupon may be there.
NOT_FINAL = (
    "WeChat Pay seems to say no, but it is not certain yet that no coupon was given. Give nothing else."
)
