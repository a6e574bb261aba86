from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_MEMORY = Path("/dev/shm")
#: Bytes free there, or the disk is taken: far more than the databases of the tests that run at the same time.
_ROOM = 2**30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="the long form of campaigns, properties and tables (minutes)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """How many examples a property tries is said here once. They are drawn anew in each run."""
    common = settings(
        deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    )
    settings.register_profile("short", common, max_examples=15)
    settings.register_profile("long", common, max_examples=300)
    settings.load_profile("long" if config.getoption("--long") else "short")
    # Databases commit durably, many thousands of times: in memory none of them waits for a disk. `--basetemp`
    # and pytest's own variable still say where folders of tests are.
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_xdist_auto_num_workers() -> int:
    """More than cores: many tests wait, for a pause to end, a process to start, a browser to draw."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes that share the tests must call them by the same names: sets and addresses differ in each."""
    if differing := [item.nodeid for item in items if re.search(r"\{'| at 0x", item.nodeid)]:
        raise pytest.UsageError(f"name the parameters of {differing[0]} by `ids`")
    # Each process gets a stretch of them and begins with the long ones: nobody waits for one that began late.
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if "faults" in item.path.parts]
    short = [item for item in items if "faults" not in item.path.parts]
    size = -(-len(short) // shares)
    items[:] = [
        item
        for share in range(shares)
        for item in (*long[share::shares], *short[share * size : (share + 1) * size])
    ]


@pytest.fixture
def long_form(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long"))


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line that is printed at the end of the run: what a campaign did and saw."""
    return lambda line: record_property("figures", line)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between us and loopback, and no OAuth settings for Bolt to pick up."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A test that was skipped says so, and why, also where nobody asked for it."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: {report.longrepr[2]}", yellow=True)
    # And a campaign what it came to, failed or not.
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, line in getattr(report, "user_properties", ()):
                if name == "figures" and report.when == "call":
                    terminalreporter.write_line(f"{report.nodeid}: {line}")
