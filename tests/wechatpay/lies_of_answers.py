"""Answers to our own requests: lies about who signed, lies about what was signed, and useless truths."""

from __future__ import annotations

import base64
import json

from tests.wechatpay.lying import (
    BODY,
    COUPON,
    GZIP,
    NO,
    OLD,
    OTHER_BODY,
    PUBLIC,
    Liar,
    Lie,
    gzipped,
    signed_headers,
)
from tests.wechatpay.signing_platform import NOW, compact, sign, vector_key

bad, unknown = "BadSignature", "UnknownSerial"


def about_the_signature() -> dict[str, Lie]:
    lie = Liar("answer")
    lie(
        "forged-with-the-merchants-own-key",
        "Signed with our own key, which a forger may have stolen.",
        bad,
        headers=signed_headers(signer="merchant", serial=vector_key(PUBLIC)["id"]),
    )
    lie(
        "forged-with-a-key-of-another-serial",
        "Signed with a platform certificate's key, under the public key's id.",
        bad,
        headers=signed_headers(signer=OLD, serial=vector_key(PUBLIC)["id"]),
    )
    lie(
        "forged-signature-of-zeros",
        "256 zero bytes as signature.",
        bad,
        headers=signed_headers(signature=base64.b64encode(bytes(256)).decode()),
    )
    lie(
        "forged-signature-cut-short",
        "The first half of a good signature.",
        bad,
        headers=signed_headers(signature=sign(PUBLIC, BODY)["Wechatpay-Signature"][:172]),
    )
    lie(
        "forged-signature-in-hex",
        "A good signature, written in another alphabet.",
        bad,
        headers=signed_headers(signature=base64.b64decode(sign(PUBLIC, BODY)["Wechatpay-Signature"]).hex()),
    )
    lie(
        "signtest-probe",
        "WeChat Pay's own probe: Base64, and no signature.",
        bad,
        headers=signed_headers(
            signature="WECHATPAY/SIGNTEST/" + sign(PUBLIC, BODY)["Wechatpay-Signature"][19:]
        ),
    )
    lie(
        "signtest-probe-not-base64",
        "WeChat Pay's own probe, not even Base64.",
        bad,
        headers=signed_headers(signature="WECHATPAY/SIGNTEST/!?*"),
    )
    for name in ("timestamp", "nonce", "signature", "serial"):
        lie(
            f"unsigned-without-{name}",
            f"A success that lacks Wechatpay-{name.title()}.",
            "Unsigned",
            headers=signed_headers(without=name),
        )
        lie(
            f"unsigned-with-empty-{name}",
            f"A success whose Wechatpay-{name.title()} is empty.",
            "Unsigned",
            headers=signed_headers(**{name: ""}),
        )
    lie(
        "unsigned",
        "A success that nobody signed.",
        "Unsigned",
        headers=(("Content-Type", "application/json"),),
    )
    lie(
        "unsigned-refusal",
        "A refusal that nobody signed: believed as a hint, and marked so.",
        "Refused",
        NO,
        status=403,
        headers=(("Content-Type", "application/json"),),
    )
    lie(
        "forged-refusal",
        "A refusal whose signature does not hold: worth nothing.",
        bad,
        NO,
        status=403,
        headers=signed_headers(NO, signed=BODY),
    )
    lie("stale-by-301-seconds", "Genuine, and a second too old.", "Stale", now=NOW + 301)
    lie("from-the-future", "Genuine, and from 301 seconds ahead.", "Stale", now=NOW - 301)
    lie("replayed-a-day-later", "Genuine, and kept for a day.", "Stale", now=NOW + 86_400)
    lie(
        "replayed-for-another-number",
        "The genuine headers of another answer.",
        bad,
        headers=signed_headers(signed=OTHER_BODY),
    )
    lie(
        "timestamp-swapped",
        "Moved by one second, within what is accepted.",
        bad,
        headers=signed_headers(timestamp=str(NOW + 1)),
    )
    lie(
        "timestamp-in-milliseconds",
        "A classic mistake, and not WeChat Pay's.",
        "Stale",
        headers=signed_headers(timestamp=str(NOW * 1000)),
    )
    lie("timestamp-no-number", "A word as timestamp.", "Stale", headers=signed_headers(timestamp="now"))
    lie(
        "timestamp-negative",
        "A sign before the number.",
        "Stale",
        headers=signed_headers(timestamp=f"-{NOW}"),
    )
    lie("nonce-swapped", "Another nonce than the one signed.", bad, headers=signed_headers(nonce="0" * 32))
    lie(
        "wrong-serial-of-no-certificate",
        "A serial number nobody has.",
        unknown,
        headers=signed_headers(serial="7132D72A03E9"),
    )
    lie(
        "wrong-serial-of-the-merchant",
        "Our own certificate's.",
        unknown,
        headers=signed_headers(signer="merchant", serial=vector_key("merchant")["serial_no"]),
    )
    lie(
        "wrong-serial-of-another-public-key",
        "An id that was not configured.",
        unknown,
        headers=signed_headers(serial=vector_key(PUBLIC)["id"] + "0"),
    )
    lie(
        "wrong-serial-in-small-letters",
        "Ids are compared to the letter.",
        unknown,
        headers=signed_headers(serial=vector_key(PUBLIC)["id"].lower()),
    )
    lie(
        "header-duplicated-serial",
        "Two equal serial numbers.",
        unknown,
        headers=signed_headers(twice="serial"),
    )
    lie(
        "header-duplicated-timestamp",
        "Two equal timestamps.",
        "Stale",
        headers=signed_headers(twice="timestamp"),
    )
    lie("header-duplicated-nonce", "Two equal nonces.", bad, headers=signed_headers(twice="nonce"))
    lie(
        "header-duplicated-signature", "Two equal signatures.", bad, headers=signed_headers(twice="signature")
    )
    return lie.lies


def about_the_body() -> dict[str, Lie]:
    lie = Liar("answer")
    lie("coupon-code-changed", "One digit of the code.", bad, OTHER_BODY, headers=signed_headers(signed=BODY))
    lie(
        "truncated-body",
        "The last bytes missing, the length adjusted.",
        bad,
        BODY[:-9],
        headers=signed_headers(signed=BODY),
    )
    lie(
        "truncated-on-the-wire",
        "The connection ends before the body does.",
        "NoAnswer",
        BODY[:-9],
        headers=(*signed_headers(signed=BODY), ("Content-Length", str(len(BODY)))),
    )
    lie("emptied-body", "Nothing where something was signed.", bad, b"", headers=signed_headers(signed=BODY))
    spaced = json.dumps(COUPON, ensure_ascii=False).encode()
    lie(
        "re-encoded-with-spaces",
        "The same JSON, written with spaces.",
        bad,
        spaced,
        headers=signed_headers(signed=BODY),
    )
    lie(
        "re-encoded-with-escapes",
        "The same JSON, Chinese as \\u escapes.",
        bad,
        json.dumps(COUPON, separators=(",", ":")).encode(),
        headers=signed_headers(signed=BODY),
    )
    lie(
        "re-encoded-in-another-order",
        "The same JSON, its members sorted.",
        bad,
        compact(dict(sorted(COUPON.items()))),
        headers=signed_headers(signed=BODY),
    )
    lie(
        "re-encoded-as-utf-16",
        "The same text in UTF-16.",
        bad,
        BODY.decode().encode("utf-16-le"),
        headers=signed_headers(signed=BODY),
    )
    lie(
        "re-encoded-as-gbk",
        "The same text in GBK.",
        bad,
        BODY.decode().encode("gbk"),
        headers=signed_headers(signed=BODY),
    )
    lie(
        "re-encoded-with-byte-order-mark",
        "A byte order mark before it.",
        bad,
        b"\xef\xbb\xbf" + BODY,
        headers=signed_headers(signed=BODY),
    )
    lie(
        "re-encoded-with-line-break",
        "A line break after it.",
        bad,
        BODY + b"\n",
        headers=signed_headers(signed=BODY),
    )
    lie("gzip-garbage", "Says gzip and is none.", "NoAnswer", headers=signed_headers() + GZIP)
    lie(
        "gzip-cut-off",
        "Compressed, and cut off inside.",
        bad,
        gzipped(BODY)[:40],
        headers=signed_headers(signed=BODY) + GZIP,
    )
    lie(
        "gzip-signed-compressed",
        "Signed as it is compressed, not as it is read.",
        bad,
        gzipped(BODY),
        headers=signed_headers(gzipped(BODY)) + GZIP,
    )
    lie(
        "gzip-left-out",
        "Compressed, and not said so.",
        bad,
        gzipped(BODY),
        headers=signed_headers(signed=BODY),
    )
    for name, body in {
        "genuine-html": b"<html>OK</html>",
        "genuine-list": b"[]",
        "genuine-without-a-code": compact({"stock_id": COUPON["stock_id"]}),
        "genuine-refusal-with-status-200": NO,
        "genuine-with-a-code-that-cannot-be-shown": compact(COUPON | {"coupon_code": "1\u202e2"}),
        "genuine-brackets-without-end": b"[" * 20_000,
    }.items():
        # The status is not signed, so whoever is in between can swap it.
        lie(name, "Signed, and not what the documentation promises.", "Malformed", body)
    return lie.lies
