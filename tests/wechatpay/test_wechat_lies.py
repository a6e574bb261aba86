"""Each file of `lies/` is refused with its own error, by the parts alone and over a real wire."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.lies_of_others import notification
from tests.wechatpay.lying import BODY, OLD, signed_headers
from tests.wechatpay.make_lies import FOLDER, lies
from tests.wechatpay.signing_platform import NOW, Build, listed
from wechatpay import errors
from wechatpay.answers import Answer, Checked, Failure
from wechatpay.busifavor import Busifavor
from wechatpay.certificates import read_certificates
from wechatpay.errors import WechatPayError
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.notifications import CouponReceived, read_notification
from wechatpay.send_request import compose_send
from wechatpay.send_result import NextStep, SendState
from wechatpay.signatures import verify

OPENID, APPID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "wxd678efh567hg6787"
SEND = compose_send(
    appid=APPID, openid=OPENID, stock_id="1290000000000017", out_request_no="SLK_20260101_0001"
)
#: Raised by `verify`, before anything is read.
NOT_GENUINE = {"Unsigned", "Stale", "UnknownSerial", "BadSignature"}


@dataclass(frozen=True)
class LieFile:
    """One file, or a truth of the same form."""

    kind: str
    headers: list[tuple[str, str]]
    body: bytes
    expected: str = ""
    status: int = 200
    now: int = NOW

    @property
    def error(self) -> type[WechatPayError]:
        found: type[WechatPayError] = getattr(errors, self.expected)
        return found

    @property
    def answer(self) -> Answer:
        """As the client reads it: header fields that come twice are one, with a comma."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            joined[name.lower()] = f"{joined[name.lower()]}, {value}" if name.lower() in joined else value
        return Answer(self.status, joined, self.body)


def load(name: str) -> LieFile:
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    found.pop("what")
    found["body"] = base64.b64decode(found["body"])
    found["headers"] = [(name, value) for name, value in found["headers"]]
    return LieFile(**found)


NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


def of_kind(kind: str) -> Any:
    return pytest.mark.parametrize("name", [name for name in NAMES if load(name).kind == kind])


def test_the_files_are_those_that_the_script_makes() -> None:
    written = {name: (FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in NAMES}
    assert written == {name: lie.written() for name, lie in lies().items()}


@asynccontextmanager
async def wire(lie: LieFile) -> AsyncIterator[str]:
    """A server that gives this answer, byte for byte, to everybody."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            fields = [*lie.headers, ("Connection", "close")]
            if "Content-Length" not in dict(fields):
                fields.append(("Content-Length", str(len(lie.body))))
            head = "".join(f"{name}: {value}\r\n" for name, value in fields)
            writer.write(f"HTTP/1.1 {lie.status} X\r\n{head}\r\n".encode() + lie.body)
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


# ---- Answers ----------------------------------------------------------------------------------------------


@of_kind("answer")
async def test_a_lie_is_never_a_sent_coupon_nor_a_final_no(name: str, build: Build) -> None:
    found = load(name)
    async with wire(found) as url:
        client = build(base_url=url, clock=lambda: found.now * 1000)
        outcome = await Busifavor(client, appid=APPID).send(SEND, earlier_open=False)
    assert outcome.state is not SendState.SENT
    assert outcome.coupon_code is None
    assert outcome.next_step not in (NextStep.NONE, NextStep.FINAL)
    assert outcome.attempt_open
    if found.expected in NOT_GENUINE:
        assert (outcome.code, outcome.verified) == (found.error.code, False)
        assert outcome.state is SendState.UNKNOWN


@of_kind("answer")
async def test_a_lie_raises_its_own_error_where_it_is_read(name: str, build: Build) -> None:
    found = load(name)
    async with wire(found) as url:
        client = build(base_url=url, clock=lambda: found.now * 1000)
        with pytest.raises(WechatPayError) as error:
            await Busifavor(client, appid=APPID).coupon(openid=OPENID, coupon_code="1")
    assert error.type is found.error
    assert error.value.verified == (found.expected == "Malformed")
    assert OPENID not in str(error.value)


@pytest.mark.parametrize(
    "name",
    # What gzip makes of a body is the wire's business.
    [n for n in NAMES if load(n).kind == "answer" and load(n).expected in NOT_GENUINE and "gzip" not in n],
)
def test_a_lie_about_the_signature_is_found_before_anything_is_read(
    name: str, public_key: PlatformKey
) -> None:
    found = load(name)
    with pytest.raises(found.error):
        verify(found.answer.headers, found.body, keys=KeyRing([public_key]), now=found.now)


async def test_the_same_answer_without_a_lie_is_believed(build: Build) -> None:
    """Else the lies could be refused for the wrong reason."""
    async with wire(LieFile("answer", list(signed_headers()), BODY)) as url:
        outcome = await Busifavor(build(base_url=url), appid=APPID).send(SEND, earlier_open=False)
    assert (outcome.state, outcome.coupon_code) == (SendState.SENT, "1290000000000017000042")


# ---- Callbacks --------------------------------------------------------------------------------------------


@of_kind("callback")
def test_a_lying_callback_raises_its_own_error(name: str, public_key: PlatformKey, apiv3_key: bytes) -> None:
    found = load(name)
    with pytest.raises(WechatPayError) as error:
        read_notification(
            found.answer.headers, found.body, keys=KeyRing([public_key]), apiv3_key=apiv3_key, now=found.now
        )
    assert error.type is found.error


def test_the_same_callback_without_a_lie_is_believed(public_key: PlatformKey, apiv3_key: bytes) -> None:
    body = notification()
    true = LieFile("callback", list(signed_headers(body)), body)
    found = read_notification(
        true.answer.headers, body, keys=KeyRing([public_key]), apiv3_key=apiv3_key, now=NOW
    )
    assert isinstance(found, CouponReceived)


# ---- Certificate lists ------------------------------------------------------------------------------------


@of_kind("certificates")
async def test_a_lying_list_of_certificates_raises_its_own_error_and_leaves_no_key(
    name: str, apiv3_key: bytes, build: Build
) -> None:
    found = load(name)
    with pytest.raises(WechatPayError) as alone:
        read_certificates(found.answer, apiv3_key=apiv3_key, now=found.now)
    assert alone.type is found.error
    async with wire(found) as url:
        client = build(base_url=url, public_keys=[], clock=lambda: found.now * 1000)
        with pytest.raises(WechatPayError) as error:
            await client.keys.refresh()
        came_back = await client.call("POST", "/v3/x", b"{}")
    assert error.type is found.error
    assert error.value.request_id == found.answer.request_id
    assert list(client.keys.ring) == []
    assert isinstance(came_back, Failure)
    assert came_back.code == "NO_KEYS"


def test_the_same_list_without_a_lie_is_believed(apiv3_key: bytes) -> None:
    body = listed(OLD)
    true = LieFile("certificates", list(signed_headers(body, signer=OLD)), body)
    assert len(read_certificates(true.answer, apiv3_key=apiv3_key, now=NOW)) == 1


# ---- Lies that nobody thought of --------------------------------------------------------------------------

_names = st.sampled_from([name.lower() for name, _ in signed_headers()])
_values = st.text(max_size=60) | st.sampled_from([value for _, value in signed_headers()]) | st.just(str(NOW))
_headers = st.dictionaries(_names, _values)
_bodies = st.one_of(
    st.binary(max_size=200),
    st.just(BODY),
    st.just(notification()),
    st.just(listed(OLD)),
    st.sampled_from([notification(), listed(OLD), BODY]).flatmap(
        lambda body: st.integers(0, len(body) - 1).map(lambda at: body[:at] + b"\xff" + body[at + 1 :])
    ),
)


# How long it takes on a busy machine is no promise.
@given(headers=_headers, body=_bodies, genuine=st.booleans())
def test_whatever_headers_and_bodies_come_only_our_errors_come_out(
    headers: dict[str, str], body: bytes, genuine: bool, public_key: PlatformKey, apiv3_key: bytes
) -> None:
    """With good signatures too: then the fuzz reaches what is read after them."""
    if genuine:
        signer = OLD if body == listed(OLD) else "wechatpay_public_key"
        headers = {name.lower(): value for name, value in signed_headers(body, signer=signer)}
    answer = Answer(200, headers, body)
    for read in (
        lambda: read_notification(headers, body, keys=KeyRing([public_key]), apiv3_key=apiv3_key, now=NOW),
        lambda: read_certificates(answer, apiv3_key=apiv3_key, now=NOW),
        lambda: verify(headers, body, keys=KeyRing([public_key]), now=NOW),
    ):
        try:
            read()
        except WechatPayError as error:
            str(error).encode()  # no lone surrogate on its way into a log
    Checked(answer).answer.members()
