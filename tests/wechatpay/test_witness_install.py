"""A witness is fetched once, whole or not at all, and its absence is heard."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.wechatpay import witness_install
from tests.wechatpay.witness_install import installed

NO_LUCK = [sys.executable, "-c", "open('half', 'w').close(); import sys; sys.exit('no index')"]
LUCK = [sys.executable, "-c", "open('whole.txt', 'w').close()"]


def npm_that_says(code: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        f"import sys; sys.exit('npm warn old\\nnpm error code {code}\\nnpm error x')",
    ]


def test_a_witness_is_installed_once_for_each_lock(tmp_path: Path) -> None:
    folder = installed("x", [b"lock"], LUCK, files={"beside": b"1"}, cache=tmp_path)
    assert sorted(file.name for file in folder.iterdir()) == ["beside", "whole.txt"]
    assert installed("x", [b"lock"], NO_LUCK, cache=tmp_path) == folder
    assert installed("x", [b"another"], LUCK, cache=tmp_path) != folder


@pytest.mark.usefixtures("by_hand")
def test_an_installation_that_broke_off_is_never_taken_for_a_good_one(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception):
        installed("x", [b"lock"], NO_LUCK, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert (installed("x", [b"lock"], LUCK, cache=tmp_path) / "whole.txt").exists()


def test_two_runs_that_install_at_once_share_what_the_faster_one_made(tmp_path: Path) -> None:
    faster = [
        sys.executable,
        "-c",
        "import pathlib; p = pathlib.Path('../..'); (p / NAME / 'theirs').mkdir(parents=True)",
    ]
    folder = installed("x", [b"lock"], LUCK, cache=tmp_path)
    faster[2] = faster[2].replace("NAME", repr(folder.name))
    (folder / "whole.txt").unlink()
    folder.rmdir()
    assert installed("x", [b"lock"], faster, cache=tmp_path) == folder
    assert [file.name for file in folder.iterdir()] == ["theirs"]


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")


@pytest.mark.usefixtures("by_hand")
def test_by_hand_a_witness_that_cannot_be_fetched_is_skipped_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"WITNESS NOT HEARD: .*no index"):
        installed("x", [b"lock"], NO_LUCK, cache=tmp_path)


@pytest.mark.usefixtures("in_ci")
@pytest.mark.parametrize("command", [NO_LUCK, npm_that_says("EINTEGRITY"), npm_that_says("E404")])
def test_in_ci_it_fails(command: list[str], tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="with CI set it must be there"):
        installed("x", [b"lock"], command, cache=tmp_path)


@pytest.mark.usefixtures("in_ci")
@pytest.mark.parametrize(
    "code",
    [
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "ERR_SOCKET_TIMEOUT",
        "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "E403",
        "E503",
    ],
)
def test_a_registry_that_npm_cannot_reach_is_nobody_s_fault_in_ci(code: str, tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=f"WITNESS NOT HEARD: (?s:.*){code}"):
        installed("x", [b"lock"], npm_that_says(code), cache=tmp_path)


@pytest.mark.usefixtures("in_ci")
def test_a_machine_without_node_is_excused_in_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="WITNESS NOT HEARD: node and npm are not installed"):
        witness_install.in_node()
