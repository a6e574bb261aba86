"""Errors of the WeChat Pay client: what each leaves known, and whether the same call may be made again.

WechatPayError
├── BadSetting         a key or number cannot be right: a person changes it, nothing was sent
├── BadRequest         outside the published limits: every wrong field is named, nothing was sent
├── Undecryptable      another APIv3 key than ours, or a changed text
├── NotSent            no byte left this machine: nothing happened, call again
├── NoAnswer           bytes left and no whole answer came: outcome unknown, call again
├── Doubtful           an answer nobody vouches for: outcome unknown, call again
│   ├── Unsigned       signature headers missing
│   ├── Stale          its timestamp is not within 300 s of our clock, or no number
│   ├── UnknownSerial  signed with a key that we do not hold
│   └── BadSignature   the signature does not fit the bytes
├── Refused            WeChat Pay says no (4xx)
├── Trouble            WeChat Pay's own trouble (5xx, 202, SYSTEM_ERROR): outcome unknown, call again
└── Malformed          genuine, but not what the documentation promises: outcome unknown, look first

"Call again" always means the same numbers and the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from wechatpay.codes import Actor, meaning


class WechatPayError(Exception):
    """Anything this package raises. Its text is safe to log: no key, no signature, no openid."""

    #: Is it known what became of the request (mostly: that nothing happened)?
    outcome_known: bool = True
    #: May the very same request be made again without a person doing something first?
    may_repeat: bool = False
    #: One word for logs; for refusals WeChat Pay's own code.
    code: str = ""

    def __init__(
        self, message: str, *, status: int | None = None, request_id: str = "", verified: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        #: HTTP status; None when no answer came.
        self.status = status
        #: WeChat Pay's Request-ID: their support asks for it.
        self.request_id = request_id
        #: Its signature was there and good.
        self.verified = verified

    @property
    def actor(self) -> Actor:
        """Who must act before the same call can succeed."""
        return meaning(self.status, self.code).actor

    @property
    def agent(self) -> str:
        """A sentence for whoever talks with the customer. As safe to show as the text."""
        return meaning(self.status, self.code, known=self.outcome_known).agent

    @property
    def operator(self) -> str:
        """A sentence for whoever can put it right. As safe to show as the text."""
        return meaning(self.status, self.code).operator


class BadSetting(WechatPayError):
    """A key, serial number or address cannot be right; the sentence says what was read and what is right."""

    code = "BAD_SETTING"


class BadRequest(WechatPayError):
    """The request would break the published limits and was not sent; all wrong fields are in one error."""

    code = "BAD_REQUEST"

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {fault}" for field, fault in faults))
        #: Names of the fields, in the order of the documentation.
        self.fields = tuple(field for field, _ in faults)


class Undecryptable(WechatPayError):
    """AES-GCM says that the text was not sealed with our APIv3 key, or was changed on the way."""

    code = "UNDECRYPTABLE"


class NotSent(WechatPayError):
    """Proven: no byte of the request left. Nothing happened; the same request may be made again."""

    may_repeat = True

    def __init__(self, code: str, message: str, *, request_id: str = "") -> None:
        super().__init__(message, request_id=request_id)
        self.code = code


class NoAnswer(WechatPayError):
    """Bytes left and no whole answer came. The request may have been carried out."""

    outcome_known = False
    may_repeat = True

    def __init__(self, code: str, message: str, *, request_id: str = "") -> None:
        super().__init__(message, request_id=request_id)
        self.code = code


class Doubtful(WechatPayError):
    """An answer (or callback) that must not be believed. The request may have been carried out."""

    outcome_known = False
    may_repeat = True


class Unsigned(Doubtful):
    """One of the four signature headers is missing or empty: proxies strip them, forgers lack them."""

    code = "UNSIGNED"


class Stale(Doubtful):
    """The timestamp is more than 300 s away from our clock (a replay, or a wrong clock), or no number."""

    code = "STALE"


class UnknownSerial(Doubtful):
    """We hold no key with this serial number."""

    code = "UNKNOWN_SERIAL"

    def __init__(self, serial_no: str) -> None:
        super().__init__(f"no trusted key has the serial number {serial_no[:64]!a}")
        self.serial_no = serial_no


class BadSignature(Doubtful):
    """The signature does not fit the bytes. WeChat Pay sends some such on purpose, to test merchants."""

    code = "BAD_SIGNATURE"


class _Said(WechatPayError):
    """WeChat Pay answered with a code of its own."""

    def __init__(self, code: str, message: str, *, status: int, request_id: str, verified: bool) -> None:
        super().__init__(message, status=status, request_id=request_id, verified=verified)
        self.code = code

    def __str__(self) -> str:
        vouched = "" if self.verified else ", unsigned"
        return (
            f"{self.code} (HTTP {self.status}{vouched}): {self.message} [Request-ID {self.request_id or '-'}]"
        )


class Refused(_Said):
    """WeChat Pay says no. Unsigned refusals can be faked by anybody in between: see `verified`."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        request_id: str,
        verified: bool,
        may_repeat: bool,
        hint: str = "",
    ) -> None:
        super().__init__(code, message, status=status, request_id=request_id, verified=verified)
        self.outcome_known = verified
        self.may_repeat = may_repeat
        #: For the operator: of a SIGN_ERROR, our message beside WeChat Pay's and the likely cause.
        self.hint = hint


class Trouble(_Said):
    """WeChat Pay could not say (202, 5xx, SYSTEM_ERROR at any status): the same request again, later."""

    outcome_known = False
    may_repeat = True


class Malformed(WechatPayError):
    """A genuine answer that is not what the documentation promises; a person should see it."""

    code = "MALFORMED"
    outcome_known = False
