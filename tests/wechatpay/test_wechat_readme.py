"""What the README of the package shows and promises is so."""

from __future__ import annotations

import ast
import inspect
import re
import types
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import wechatpay
from sandbox.wechatpay.routes import _ROUTES
from tests.wechatpay.real_wire import USUAL, wire
from tests.world import OPENID, keys
from wechatpay import errors
from wechatpay.busifavor import Busifavor
from wechatpay.send_result import NextStep, SendState

README = (Path(__file__).parents[2] / "wechatpay" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place where the lines are tried, with the two key files that they read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "apiclient_key.pem").write_text(keys().merchant.private_key_pem)
    (tmp_path / "pub_key.pem").write_text(keys().merchant.public_key_pem)
    return tmp_path


async def test_the_lines_that_send_a_coupon_do_so_exactly_as_they_stand(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [shown] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(shown.split("\n\n")[-1].splitlines()) <= 10
    ours = keys().merchant
    async with wire() as here:
        names: dict[str, Any] = {
            "MCHID": ours.mchid,
            "SERIAL_NO": ours.serial_no,
            "APPID": ours.appid,
            "APIV3_KEY": ours.apiv3_key,
            "PUBLIC_KEY_ID": ours.public_key_id,
            "OPENID": OPENID,
            "STOCK_ID": USUAL,
            "API_URL": here.url,
        }
        # As `python -m asyncio` compiles what is typed.
        code = compile(shown, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        await types.FunctionType(code, names)()
        [coupon] = here.wechatpay.ledger.coupons
        assert (coupon.openid, coupon.stock_id, coupon.out_request_no) == (OPENID, USUAL, "LATE-0001")
        assert capsys.readouterr().out.startswith(f"sent {coupon.coupon_code}")
        [sent] = here.wechatpay.ledger.sends_of("LATE-0001")
        assert sent.body == (folder / "LATE-0001.json").read_bytes()


def rows() -> list[tuple[list[str], str]]:
    """Names of calls and the endpoint, from the table of the rest."""
    found = re.findall(r"^\| (`[^|]+`) \| `((?:GET|POST|PATCH|DELETE) /[^`]+)` \|", README, re.MULTILINE)
    return [(re.findall(r"`([^`]+)`", calls), endpoint) for calls, endpoint in found]


def test_the_list_of_the_rest_names_every_call_there_is_and_endpoints_that_are_served() -> None:
    base = "/v3/marketing/busifavor"
    served = {
        f"{method} {path.removeprefix(base)}" for method, path, _ in _ROUTES if path.startswith(base + "/")
    }
    assert {re.sub(r"\{\w+\}", "{}", endpoint) for _, endpoint in rows()} <= served
    public = {name for name, _ in inspect.getmembers(Busifavor, inspect.isfunction) if name[0] != "_"}
    assert public == {name for names, _ in rows() for name in names}


def test_every_kind_remedy_and_error_is_explained() -> None:
    for word in (*SendState, *NextStep):
        assert f"| `{word.name}` |" in README, word
    shown = set(re.findall(r"`([A-Z]\w+)`", README))
    raised = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.WechatPayError) and name[0] != "_"
    }
    assert raised - shown == {"WechatPayError"}


def test_what_callers_need_is_importable_from_the_package_and_nothing_else_is() -> None:
    for name, module in wechatpay._MODULES.items():
        assert getattr(wechatpay, name) is getattr(import_module(f"wechatpay.{module}"), name)
    with pytest.raises(AttributeError, match="'wechatpay' has no attribute 'Buisfavor'"):
        wechatpay.Buisfavor  # noqa: B018 - it is asked for
