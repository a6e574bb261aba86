"""Secrets of the settings: read from files, and told to nobody."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config.settings import FILES, NAMES, Settings, SettingsProblems, load_settings
from tests.bot.test_settings import GOOD, PEM, PUBLIC_KEY_MODE, PUBLIC_PEM, problems_of, without

# --- files


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_secret_may_be_a_file(name: str, tmp_path: Path) -> None:
    everything = GOOD | PUBLIC_KEY_MODE | {"SLACK_SIGNING_SECRET": "8f742231b10e"}
    file = tmp_path / "secret"
    # With what an editor adds: a byte order mark and a last line break.
    file.write_bytes(b"\xef\xbb\xbf" + everything[name].encode() + b"\r\n")
    by_file = {key: value for key, value in everything.items() if key != name} | {f"{name}_FILE": str(file)}
    settings = load_settings(by_file)
    assert settings.model_dump() == load_settings(everything).model_dump()
    assert settings.origin(name) == f"{name}_FILE ('{file}')"
    assert load_settings(everything).origin(name) == name


def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n")
    binary.write_bytes("xoxb-1".encode("utf-16"))
    for path, why in (
        (tmp_path / "absent", "which cannot be read (No such file or directory)"),
        (tmp_path, "which cannot be read (Is a directory)"),
        (empty, "which is empty"),
        (binary, "which is not UTF-8"),
    ):
        (problem,) = problems_of(without("SLACK_BOT_TOKEN") | {"SLACK_BOT_TOKEN_FILE": str(path)})
        assert problem.startswith("SLACK_BOT_TOKEN_FILE names ")
        assert path.name in problem
        assert why in problem


def test_an_unreadable_file_is_one_problem_and_not_also_a_missing_value() -> None:
    (problem,) = problems_of(without("SLACK_APP_TOKEN") | {"SLACK_APP_TOKEN_FILE": "/nowhere/token"})
    assert problem.startswith("SLACK_APP_TOKEN_FILE names '/nowhere/token', which cannot be read")
    (problem,) = problems_of(
        GOOD | {"WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_01", "WECHATPAY_PUBLIC_KEY_FILE": "/nowhere/key"}
    )
    assert problem.startswith("WECHATPAY_PUBLIC_KEY_FILE names '/nowhere/key', which cannot be read")


def test_a_secret_given_twice_is_a_problem_even_if_both_agree(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(GOOD["SLACK_BOT_TOKEN"])
    (problem,) = problems_of(GOOD | {"SLACK_BOT_TOKEN_FILE": str(file)})
    assert problem.startswith("SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both given; ")


# --- no secret leaves

secrets = st.one_of(
    st.from_regex(r"xox[abeprs]-[0-9A-Za-z-]{10,40}", fullmatch=True),
    st.from_regex(r"xapp-[0-9A-Za-z-]{10,40}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{32}|[0-9A-Za-z]{31,33}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z]{12,20}", fullmatch=True).map(
        lambda body: f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    ),
)


def visible(environ: dict[str, str]) -> str:
    """Everything that a person or a log could see of these settings."""
    try:
        settings: Settings = load_settings(environ)
    except SettingsProblems as problems:
        return str(problems) + repr(problems) + "".join(traceback.format_exception(problems))
    return str(settings) + repr(settings) + f"{settings.model_dump()}"


#: A serial and a key id are public, and 32 hexadecimal digits are a serial whatever else they are.
PUBLIC = {"WECHATPAY_SERIAL_NO", "WECHATPAY_PUBLIC_KEY_ID"}


@given(name=st.sampled_from(sorted(set(FILES) - PUBLIC)), secret=secrets)
def test_no_secret_is_told_whether_it_is_right_or_wrong(name: str, secret: str) -> None:
    """Also where others are wrong, and the library's own error exists."""
    for environ in (GOOD, GOOD | PUBLIC_KEY_MODE, {"COUPON_LISTEN": "x"}):
        shown = visible(environ | {name: secret})
        assert secret not in shown
        assert secret.split("\n")[-2:][0] not in shown


#: A path may look like anything.
PATHS = {"COUPON_DATABASE", "COUPON_CONFIG"}


@given(
    name=st.sampled_from(sorted({*NAMES, *(f"{name}_FILE" for name in FILES)} - PATHS - PUBLIC)),
    secret=secrets,
)
def test_no_secret_is_told_when_it_was_put_into_the_wrong_variable(name: str, secret: str) -> None:
    shown = visible({key: value for key, value in GOOD.items() if f"{key}_FILE" != name} | {name: secret})
    assert secret not in shown
    assert secret.split("\n")[-2:][0] not in shown


def test_the_librarys_own_error_does_not_travel_with_ours() -> None:
    """It holds every value that was given; an error reporter would send it along."""
    wrong: dict[str, Any] = GOOD | {"SLACK_BOT_TOKEN": "hunter2hunter2"}
    with pytest.raises(SettingsProblems) as caught:
        load_settings(wrong)
    assert caught.value.__context__ is None
    with pytest.raises(ValidationError) as theirs:
        Settings(**wrong)
    assert "hunter2" not in str(theirs.value)


def test_the_values_to_hide_are_all_secrets_that_were_given() -> None:
    assert load_settings(GOOD | PUBLIC_KEY_MODE).secrets == {
        GOOD["SLACK_BOT_TOKEN"],
        GOOD["SLACK_APP_TOKEN"],
        GOOD["WECHATPAY_APIV3_KEY"],
        PEM,
        PUBLIC_PEM,
    }
