"""A database whose file is mounted by itself is refused at the start, and the doctor says why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.mounts import mount_points, problem_of_mount
from tests.bot.test_start import ROOT
from tests.machine import lacks
from tests.storage.records import make_log
from tests.world import COUPON_TOML, keys

LINE = "63 43 254:0 {root} {place} rw,relatime - ext4 /dev/vda rw,discard"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("/data/coupon.db", "/data/coupon.db"),
        (r"/my\040data/tab\011/line\012/back\134slash.db", "/my data/tab\t/line\n/back\\slash.db"),
        (r"/literal\134040.db", r"/literal\040.db"),
        ("/优惠券.db", "/优惠券.db"),
    ],
)
def test_places_are_read_as_the_kernel_writes_them(written: str, place: str) -> None:
    assert mount_points(LINE.format(root="/x", place=written) + "\n\nshort\n") == {place}


@pytest.mark.parametrize(
    ("root", "place", "is_alone"),
    [
        ("/host/coupon.db", "{file}", True),
        ("/host/coupon.db", "{folder}", False),
        ("{file}", "/elsewhere/coupon.db", False),
        ("/host/x", "{file}-wal", False),
    ],
)
def test_only_the_place_of_the_file_itself_counts(
    tmp_path: Path, root: str, place: str, *, is_alone: bool
) -> None:
    file = tmp_path / "coupon.db"
    names = {"file": str(file), "folder": str(tmp_path)}
    mounts = LINE.format(root=root.format(**names), place=place.format(**names))
    link = tmp_path / "link.db"
    link.symlink_to(file)
    for name in (file, link):
        assert (problem_of_mount(name, mounts) is not None) is is_alone


def test_where_the_system_does_not_tell_nothing_is_said(tmp_path: Path) -> None:
    assert problem_of_mount(tmp_path / "coupon.db", "") is None


def bind_mounts() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/hosts"], check=False)
    return tried.returncode == 0


@pytest.fixture
def alone(tmp_path: Path) -> list[str]:
    """The beginning of a command line: what follows runs where the file is mounted by itself."""
    if not bind_mounts():
        lacks("MOUNT NOT SEEN", "a real mount of one file needs root and `unshare -m`")
    path = tmp_path / "coupon.db"
    make_log(path, 3)
    (tmp_path / "coupon.toml").write_text(COUPON_TOML)
    return ["unshare", "-m", "/bin/sh", "-c", 'mount --bind "$0" "$0" && exec "$@"', str(path)]


def started(alone: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    merchant, folder = keys().merchant, Path(alone[-1]).parent
    environ = {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "WECHATPAY_MCHID": merchant.mchid,
        "WECHATPAY_APPID": merchant.appid,
        "WECHATPAY_SERIAL_NO": merchant.serial_no,
        "WECHATPAY_PRIVATE_KEY": merchant.private_key_pem,
        "WECHATPAY_APIV3_KEY": merchant.apiv3_key,
        "WECHATPAY_API_URL": "http://127.0.0.1:9",
        "COUPON_DATABASE": alone[-1],
        "COUPON_CONFIG": str(folder / "coupon.toml"),
        "COUPON_LISTEN": "127.0.0.1:0",
    }
    program = [sys.executable, "-m", "bot", *words]
    return subprocess.run(
        [*alone, *program], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_start_is_refused_with_what_to_mount(alone: list[str]) -> None:
    ended = started(alone, "run")
    assert ended.returncode == 2
    [sentence] = ended.stderr.splitlines()
    assert f"{alone[-1]} is mounted by itself" in sentence
    assert "Mount the folder" in sentence
    assert not Path(f"{alone[-1]}-wal").exists()


def test_the_doctor_says_so_too(alone: list[str]) -> None:
    ended = started(alone, "doctor", "--json")
    [finding] = [each for each in json.loads(ended.stdout)["findings"] if "mounted" in each["seen"]]
    assert (finding["level"], finding["check"]) == ("FAIL", "database")
    assert finding["cure"].startswith("Mount the folder")
