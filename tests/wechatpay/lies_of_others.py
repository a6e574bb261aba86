"""Callbacks and certificate lists: both are sealed besides, and the latter vouch for themselves."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.wechatpay.lying import COUPON, NEW, OLD, PUBLIC, Liar, Lie, signed_headers
from tests.wechatpay.signing_platform import NOW, compact, listed, sealed, vector_key


def callbacks() -> dict[str, Lie]:
    lie = Liar("callback", prefix="callback-")

    good = notification()
    bad = "BadSignature"
    lie("unsigned", "From anybody.", "Unsigned", good, headers=(("Content-Type", "application/json"),))
    lie("stale", "Genuine, and kept for six minutes.", "Stale", good, now=NOW + 360)
    lie(
        "signtest-probe",
        "WeChat Pay's own probe.",
        bad,
        good,
        headers=signed_headers(signature="WECHATPAY/SIGNTEST/x"),
    )
    lie(
        "wrong-serial",
        "A serial number nobody has.",
        "UnknownSerial",
        good,
        headers=signed_headers(good, serial="0A"),
    )
    lie(
        "forged-with-the-merchants-own-key",
        "Signed with our own key.",
        bad,
        good,
        headers=signed_headers(good, signer="merchant", serial=vector_key(PUBLIC)["id"]),
    )
    lie(
        "re-encoded",
        "Parsed and written again by a web framework.",
        bad,
        json.dumps(json.loads(good), ensure_ascii=False).encode(),
        headers=signed_headers(signed=good),
    )
    lie("truncated", "The last bytes missing.", bad, good[:-20], headers=signed_headers(signed=good))
    lie(
        "with-the-headers-of-an-answer",
        "Genuine headers, of an answer to us.",
        bad,
        good,
        headers=signed_headers(),
    )
    lie(
        "id-changed",
        "Another id, to look like a new one.",
        bad,
        good.replace(b"EV-1", b"EV-2"),
        headers=signed_headers(signed=good),
    )
    lie(
        "sealed-with-another-key",
        "Signed, and sealed with another APIv3 key.",
        "Undecryptable",
        notification(key=b"Another-ApiV3-Key-not-a-secret-1"),
    )
    lie(
        "sealed-for-something-else",
        "Signed, and its associated data changed.",
        "Undecryptable",
        notification(resource={"associated_data": "transaction"}),
    )
    lie(
        "ciphertext-not-base64",
        "Signed, and its ciphertext is no Base64.",
        "Undecryptable",
        notification(resource={"ciphertext": "***"}),
    )
    lie(
        "another-cipher",
        "Signed, and sealed in a way that nobody documented.",
        "Malformed",
        notification(resource={"algorithm": "AEAD_SM4_128_GCM"}),
    )
    lie("without-resource", "Signed, and empty.", "Malformed", compact({"event_type": "COUPON.SEND"}))
    lie(
        "genuine-utf-16",
        "Signed as UTF-16, which is not documented.",
        "Malformed",
        good.decode().encode("utf-16"),
    )
    lie("genuine-no-json", "Signed, and no JSON.", "Malformed", b"\x00\xff")
    lie(
        "sealed-without-a-code",
        "Signed and sealed, and names no coupon.",
        "Malformed",
        notification(inner={"stock_id": COUPON["stock_id"]}),
    )
    return lie.lies


def notification(
    *,
    key: bytes | None = None,
    resource: dict[str, str] | None = None,
    inner: dict[str, str] | None = None,
) -> bytes:
    text = compact(
        {
            "event_type": "EVENT_TYPE_BUSICOUPON_SEND",
            "coupon_code": COUPON["coupon_code"],
            "stock_id": COUPON["stock_id"],
            "send_time": "2026-01-01T08:00:00+08:00",
        }
        if inner is None
        else inner
    )
    ciphertext = AESGCM(key or vector_key("apiv3_key").encode()).encrypt(b"61f9c719728a", text, b"coupon")
    usual = {
        "original_type": "coupon",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(ciphertext).decode(),
        "nonce": "61f9c719728a",
        "associated_data": "coupon",
    }
    return compact({"id": "EV-1", "event_type": "COUPON.SEND", "resource": usual | (resource or {})})


def certificate_lists() -> dict[str, Lie]:
    lie = Liar("certificates", prefix="certificates-", signer=OLD)

    pem, serial_no = vector_key(OLD)["certificate_pem"], vector_key(OLD)["serial_no"]
    good = listed(OLD)
    lie(
        "unsigned",
        "Sealed, and signed by nobody.",
        "Unsigned",
        good,
        headers=(("Content-Type", "application/json"),),
    )
    lie("stale", "Genuine, and kept for six minutes.", "Stale", good, now=NOW + 360)
    lie(
        "signed-by-one-not-listed",
        "The signer is not among them.",
        "UnknownSerial",
        good,
        headers=signed_headers(good, signer=NEW),
    )
    lie(
        "forged-under-a-listed-serial",
        "Signed by another under a listed serial number.",
        "BadSignature",
        good,
        headers=signed_headers(good, signer=NEW, serial=serial_no),
    )
    lie(
        "signtest-probe",
        "WeChat Pay's own probe.",
        "BadSignature",
        good,
        headers=signed_headers(good, signer=OLD, signature="WECHATPAY/SIGNTEST/x"),
    )
    lie(
        "re-encoded",
        "The same JSON, written with spaces.",
        "BadSignature",
        json.dumps(json.loads(good)).encode(),
        headers=signed_headers(signed=good, signer=OLD),
    )
    lie(
        "sealed-with-another-key",
        "The sender does not know our APIv3 key.",
        "Undecryptable",
        compact({"data": [sealed(pem, serial_no, apiv3_key="Another-ApiV3-Key-not-a-secret-1")]}),
    )
    lie(
        "under-the-serial-of-another",
        "The number outside is not that inside.",
        "Malformed",
        compact({"data": [sealed(pem, vector_key(NEW)["serial_no"])]}),
    )
    lie(
        "of-the-public-key-instead",
        "A bare key where a certificate belongs.",
        "Malformed",
        compact({"data": [sealed(vector_key(OLD)["public_key_pem"], serial_no)]}),
    )
    lie("emptied", "Signed, and empty.", "Malformed", compact({"data": []}))
    lie("all-run-out", "Genuine, thirty years later.", "Stale", good, now=NOW + 30 * 365 * 86_400)
    lie(
        "signed-after-they-ran-out",
        "Signed thirty years later with a certificate of today.",
        "UnknownSerial",
        good,
        now=NOW + 30 * 365 * 86_400,
        headers=signed_headers(good, signer=OLD, now=NOW + 30 * 365 * 86_400),
    )
    return lie.lies
