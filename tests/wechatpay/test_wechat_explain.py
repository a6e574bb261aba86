"""A SIGN_ERROR is explained: our message beside WeChat Pay's, the first difference, the likely cause."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import NOW, Build, Platform, compact, vector_key
from wechatpay.answers import Answer, Checked
from wechatpay.busifavor import Busifavor
from wechatpay.errors import Refused
from wechatpay.explain import SignedRequest, explain_sign_error, is_sign_error
from wechatpay.keys import Merchant, load_merchant
from wechatpay.send_request import compose_send, read_send
from wechatpay.send_result import judge_send
from wechatpay.signatures import authorization

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
TARGET = f"/v3/marketing/busifavor/users/{OPENID}/coupons?appid=wx1&limit=20"
SEND = "/v3/marketing/busifavor/coupons/send"
BODY = compact({"openid": OPENID, "stock_id": "1290000000000017", "note": "券"})
NONCE = "593BEC0C930BF1AFEB40B4A08C8FB242"
OURS = vector_key("merchant")
MERCHANT = load_merchant(
    mchid=OURS["mchid"], serial_no=OURS["serial_no"], private_key=OURS["private_key_pkcs8_pem"]
)


def sent(method: str = "POST", target: str = SEND, body: bytes = BODY) -> SignedRequest:
    header = authorization(MERCHANT, method, target, body, timestamp=NOW, nonce=NONCE)
    return SignedRequest(method, target, body, header)


def said(detail: dict[str, Any], *, message: str = "错误的签名，验签失败", date: int = NOW) -> Answer:
    body = compact({"code": "SIGN_ERROR", "message": message, "detail": detail})
    return Answer(401, {"content-type": "application/json", "date": formatdate(date, usegmt=True)}, body)


def built(theirs: str, length: int | None = None) -> Answer:
    information = {
        "method": "POST",
        "url": SEND,
        "truncated_sign_message": theirs,
        "sign_message_length": len(theirs.encode()) if length is None else length,
    }
    return said({"field": "signature", "issue": "sign not match", "sign_information": information})


def explain(answer: Answer, request: SignedRequest, known: frozenset[str] = frozenset()) -> str:
    return explain_sign_error(answer, request, platform_serials=known, now=NOW)


def test_the_message_is_rebuilt_as_it_was_signed() -> None:
    assert sent().message == f"POST\n{SEND}\n{NOW}\n{NONCE}\n".encode() + BODY + b"\n"


def message(method: str = "POST", target: str = SEND, body: bytes = BODY) -> str:
    return sent(method, target, body).message.decode()


URL_ESCAPED = "/v3/x?a=%E5%88%B8&b=1"


@pytest.mark.parametrize(
    ("request_", "theirs", "cause"),
    [
        pytest.param(sent(), message(), "the private key does not belong to the certificate", id="same"),
        pytest.param(sent(), message()[:100] + "...", "written anew", id="same beginning, other length"),
        pytest.param(
            sent("GET", "/v3/x", b""), message("GET", "/v3/x?a=1", b""), "the query was left out", id="query"
        ),
        pytest.param(
            sent("GET", "/v3/x?a=1", b""), message("GET", "/v3/x", b""), "dropped it", id="query lost"
        ),
        pytest.param(
            sent("GET", URL_ESCAPED, b""),
            message("GET", "/v3/x?a=%e5%88%b8&b=1", b""),
            "escapes the URL anew",
            id="escapes",
        ),
        pytest.param(sent("GET", "/v3/x", b""), message("GET", "/pay/v3/x", b""), "a gateway", id="prefix"),
        pytest.param(
            sent(),
            message(body=json.dumps(json.loads(BODY), ensure_ascii=False).encode()),
            "written anew",
            id="spaces",
        ),
        pytest.param(
            sent(),
            message(body=json.dumps(json.loads(BODY), separators=(",", ":")).encode()),
            "written anew",
            id="escaped Chinese",
        ),
        pytest.param(sent(), message(body=b"{}"), "the body was changed", id="body"),
        pytest.param(sent(), message(method="PUT"), "the method was changed", id="method"),
        pytest.param(
            sent(), message().replace(str(NOW), str(NOW + 1)), "the timestamp was changed", id="timestamp"
        ),
    ],
)
def test_the_difference_between_both_messages_names_the_cause(
    request_: SignedRequest, theirs: str, cause: str
) -> None:
    text = explain(built(theirs), request_)
    assert cause in text.partition("Likely cause: ")[2]
    assert f"We signed {len(request_.message)} bytes" in text
    assert f"{len(theirs.encode())} long" in text


def test_a_length_counted_in_characters_is_no_difference() -> None:
    theirs = message()
    text = explain(built(theirs[:80], length=len(theirs)), sent())
    assert len(theirs) != len(theirs.encode())
    assert "the private key does not belong" in text


def test_the_first_difference_is_shown_on_both_sides() -> None:
    text = explain(built(message("GET", "/v3/xy", b"")), sent("GET", "/v3/x?a=1", b""))
    assert "First difference at character 10: ours '?a=1" in text
    assert "theirs 'y" in text


def test_the_clock_is_blamed_by_the_date_header_and_by_the_servers_words() -> None:
    assert "clock is 400 s ahead of" in explain(said({}, date=NOW - 400), sent())
    words = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
    assert "not within 300 s of" in explain(said({}, message=words), sent())
    assert "clock is 299 s behind" in explain(said({}, message=words, date=NOW + 299), sent())


def test_a_serial_number_that_is_not_known_or_is_the_platforms_is_named() -> None:
    serial_no = OURS["serial_no"]
    text = explain(said({"field": "serial_no", "issue": "certificate not found"}), sent())
    assert f"does not know a certificate ...{serial_no[-8:]}" in text
    assert "is that of a platform certificate" in explain(said({}), sent(), frozenset({serial_no}))


def test_an_issue_one_room_further_in_is_read_too() -> None:
    assert "does not know a certificate" in explain(said({"detail": {"issue": "商户证书序列号有误"}}), sent())


def test_with_nothing_to_go_by_the_usual_causes_are_said() -> None:
    assert "the private key does not belong" in explain(said({}), sent())


def test_no_openid_signature_or_nonce_stands_in_it_whole() -> None:
    for request_, theirs in (
        (sent("GET", TARGET, b""), message("GET", TARGET.partition("?")[0], b"")),
        (sent(), message(body=b'{"openid": "' + OPENID.encode() + b'"}')),
        (sent(), message().partition(OPENID)[0] + OPENID[:20]),
        (sent("GET", "/v3/users/short-id/coupons", b""), message("GET", "/v3/users/short-id/x", b"")),
    ):
        text = explain(built(theirs), request_)
        for secret in (OPENID, OPENID[:20], NONCE, "short-id", request_.header_value("signature")[:40]):
            assert secret not in text
        assert "signature" not in repr(request_)


_detail = st.dictionaries(
    st.sampled_from(["field", "issue", "detail", "sign_information"]),
    st.none()
    | st.text()
    | st.dictionaries(
        st.sampled_from(["truncated_sign_message", "sign_message_length", "issue", "method"]),
        st.text() | st.integers() | st.none() | st.just(message()) | st.just(message()[:30]),
    ),
)


# How long it takes on a busy machine is no promise.
@given(detail=_detail, body=st.binary(max_size=60))
def test_whatever_the_answer_says_an_explanation_comes_out_and_can_be_logged(
    detail: dict[str, Any], body: bytes
) -> None:
    answer = Answer(401, {}, json.dumps({"code": "SIGN_ERROR", "detail": detail}).encode())
    text = explain(answer, sent(body=body))
    assert "Likely cause" in text
    assert text.isprintable()
    text.encode()
    assert len(text) < 2000


@pytest.mark.parametrize(
    ("status", "members", "expected"),
    [
        (401, {"code": "SIGN_ERROR"}, True),
        (401, {"code": "SIGNERROR"}, True),
        (403, {"code": "SIGN_ERROR"}, False),
        (401, {"code": "NO_AUTH"}, False),
        (401, "<html>", False),
    ],
)
def test_only_a_sign_error_of_wechat_pays_own_is_explained(
    status: int, members: object, expected: bool
) -> None:
    assert is_sign_error(Answer(status, {}, compact(members))) is expected


async def test_the_explanation_is_told_to_the_operator_and_kept_on_error_and_outcome(
    platform: Platform, build: Build, merchant: Merchant
) -> None:
    heard: list[tuple[str, str]] = []
    body = compose_send(
        appid="wxd678efh567hg6787", openid=OPENID, stock_id="1290000000000017", out_request_no="SLK_1"
    )
    platform.says(401, {"code": "SIGN_ERROR", "message": "验签失败", "detail": {"issue": "x"}}, signer=None)
    client = build(base_url=platform.url, tell=lambda word, text: heard.append((word, text)))
    with pytest.raises(Refused) as error:
        await client.get(TARGET, hide=OPENID)
    came_back = await client.call("POST", SEND, body)
    outcome = judge_send(read_send(body), came_back, earlier_open=False)
    assert error.value.hint.startswith("We signed ")
    assert outcome.hint.startswith("We signed ")
    sentences = [sentence for word, sentence in heard if word == "signature_refused"]
    assert sentences == [error.value.hint, outcome.hint]
    assert OPENID not in "".join(sentences)
    assert isinstance(came_back, Checked)
    assert "hint" not in repr(came_back)
    assert not (await Busifavor(client, appid="wx1").send(body, earlier_open=False)).verified
