"""What a setting may name by mistake: no pipe, device or endless file holds the program up."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import timed_read
from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import SettingsProblems, WechatpaySettings, load_part
from bot.config.timed_read import read_text_within
from bot.config.toml_tables import CouponTomlProblems


def pipe(folder: Path) -> Path:
    found = folder / "pipe"
    os.mkfifo(found)
    return found


def fed(found: Path, text: bytes, *, keep: threading.Event | None = None) -> threading.Thread:
    """By another, who closes it when `keep` is set."""

    def feed() -> None:
        with found.open("wb", buffering=0) as stream:
            for place in range(0, len(text), 7):
                stream.write(text[place : place + 7])
            if keep is not None:
                keep.wait(10)

    thread = threading.Thread(target=feed)
    thread.start()
    return thread


def test_a_pipe_is_read_to_its_end_as_a_file_is(tmp_path: Path) -> None:
    found = pipe(tmp_path)
    feeding = fed(found, "\ufeffone\r\ntwo 券\r\n".encode() * 9_000)
    assert read_text_within(found) == "\ufeff".join(["one\ntwo 券\n"] * 9_000)
    feeding.join()


def nobody(_found: Path) -> Callable[[], None]:
    return lambda: None


def somebody_who_does_not_close(found: Path) -> Callable[[], None]:
    keep = threading.Event()
    feeding = fed(found, b"half of it", keep=keep)

    def end() -> None:
        keep.set()
        feeding.join()

    return end


@pytest.mark.parametrize("other_end", [nobody, somebody_who_does_not_close])
def test_a_pipe_without_an_end_is_named_by_the_setting_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other_end: Callable[[Path], Callable[[], None]]
) -> None:
    monkeypatch.setattr(timed_read, "WITHIN_S", 0.1)
    found = pipe(tmp_path)
    end = other_end(found)
    with pytest.raises(SettingsProblems) as refused:
        load_part({"WECHATPAY_APIV3_KEY_FILE": str(found)}, WechatpaySettings)
    end()
    [problem] = [each for each in refused.value.problems if "APIV3" in each]
    assert (
        f"WECHATPAY_APIV3_KEY_FILE names '{found}', which cannot be read (it had not ended after" in problem
    )


def test_a_coupon_toml_that_is_a_pipe_is_told_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_read, "WITHIN_S", 0.1)
    found = pipe(tmp_path)
    with pytest.raises(
        CouponTomlProblems, match=re.escape(f"{found} cannot be read (it had not ended after")
    ):
        load_coupon_toml(found)


@pytest.mark.parametrize(
    ("path", "why"),
    [("/dev/zero", "it is longer than 1,048,576 bytes"), ("/", "Is a directory"), ("/dev/null", "is empty")],
)
def test_what_is_no_file_is_told(path: str, why: str) -> None:
    with pytest.raises(SettingsProblems) as refused:
        load_part({"WECHATPAY_APIV3_KEY_FILE": path}, WechatpaySettings)
    assert any(f"names '{path}', " in problem and why in problem for problem in refused.value.problems)
