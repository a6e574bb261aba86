"""`coupon-bot rules try`: in words of both languages and as JSON, from a log that stays as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from coupons.events import Tag
from coupons.ports import Transaction
from coupons.recording import Event
from sandbox.slack import Workspace
from tests.storage.records import a_draft, written

NEW = """
approval_channel = "C0APPROVE"
[roles]
approvers = ["S0LEADS"]
[[stock]]
stock_id = "1212121212"
alias = "late-10"
name = "late"
value_fen = 1000
code_mode = "WECHATPAY_MODE"
[[rule]]
max_value_fen = 1500
approvals = [{ of = ["U0WANG"] }, { of = ["U0ZHAO", "U0LI"] }]
[limits]
budget = { count = 2, days = 30 }
"""


def typed(*words: str, **environ: str) -> Result:
    result = CliRunner().invoke(cli, ["rules", "try", *words], prog_name="coupon-bot", env=environ)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def ask(tx: Transaction, number: str, value_fen: int, approvers: tuple[str, ...]) -> None:
    request, _ = tx.add_requests([a_draft(number, approvals_needed=len(approvers))])[0]
    detail = {
        "customer": 1,
        "stock_id": "1212121212",
        "value_fen": value_fen,
        "approvals_needed": len(approvers),
        "rule": 1,
    }
    tx.append(Event(Tag.REQUEST_CREATED, "U0SUN", request.id, detail))
    tx.append(Event(Tag.REQUEST_APPROVED, approvers[-1], request.id, {"approvals": list(approvers)}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "new.toml").write_text(NEW, encoding="utf-8")

    def works(tx: Transaction) -> None:
        ask(tx, "a", 1000, ("U0WANG", "U0LI"))
        ask(tx, "b", 1000, ("U0WANG", "U0CHEN"))
        ask(tx, "c", 9000, ("U0WANG",))

    written(folder / "coupon.db", works)
    return folder


def test_the_tables_in_both_languages(folder: Path) -> None:
    before = (folder / "coupon.db").read_bytes()
    places = (str(folder / "new.toml"), "--database", str(folder / "coupon.db"))
    english, chinese = typed(*places, LC_ALL="C.UTF-8"), typed(*places, LC_ALL="zh_CN.UTF-8")
    assert (english.exit_code, chinese.exit_code) == (0, 0)
    assert (
        english.stdout
        == """\
3 requests of the log (¥110.00), by the new rules:
verdict                                      requests    yuan  for example
the same as then                                    1  ¥10.00  #1
more approvals                                      0   ¥0.00
fewer approvals                                     0   ¥0.00
as many, by other people                            1  ¥10.00  #2
as many, by whom is not known without Slack         0   ¥0.00
which rule fits is not known without Slack          0   ¥0.00
refused                                             1  ¥90.00  #3
  the budget                                        1  ¥90.00  #3
its stock is not in the file                        0   ¥0.00

By rule, of those that were not refused:
rule                  requests    yuan  nobody could approve
rule 1, up to ¥15.00         2  ¥20.00  0
the usual rule               0   ¥0.00  0

What these rules refuse counts in no limit after it. Values and ends are those of then.
Slack was not asked who is in which group; with --slack it is.
"""
    )
    assert "人数相同，但须由其他人批准" in chinese.stdout
    assert "其他人批准" not in english.stdout
    assert (folder / "coupon.db").read_bytes() == before


def test_json_and_what_is_refused(folder: Path) -> None:
    places = (str(folder / "new.toml"), "--database", str(folder / "coupon.db"))
    found = json.loads(typed(*places, "--json").stdout)
    assert found["verdicts"]["other_people"] == {"count": 1, "fen": 1000, "examples": [2]}
    assert found["refused"]["budget_limit"]["examples"] == [3]
    assert (found["groups_known"], found["problems"]) == (False, [])
    assert json.loads(typed(*places, "--json", "--since", "2030-01").stdout)["requests"]["count"] == 0
    assert json.loads(typed(*places, "--json", "--since", "2026-11-01").stdout)["requests"]["count"] == 3
    wrong = typed(*places, "--since", "yesterday")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "--since reads 'yesterday'; it must be a day or a month, like 2026-10-01 or 2026-10\n",
    )
    (folder / "bad.toml").write_text("approval_channel = 3", encoding="utf-8")
    assert typed(str(folder / "bad.toml"), *places[1:]).exit_code == 2
    assert typed(places[0], "--database", str(folder / "none.db")).exit_code == 2
    # Asked for, Slack needs a token.
    assert "SLACK_BOT_TOKEN" in typed(*places, "--slack", SLACK_BOT_TOKEN="").stderr


async def test_slack_says_who_is_in_a_group_and_which_rules_nobody_satisfies(
    folder: Path, tmp_path: Path
) -> None:
    """Only with --slack is anybody asked."""
    new = tmp_path / "new.toml"
    new.write_text(
        NEW.replace('"U0ZHAO", "U0LI"', '"S0LEADS"').replace("U0WANG", "U0NOBODY"), encoding="utf-8"
    )
    async with Workspace().serve() as slack:
        environ = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": "xoxb-sandbox-bot"}
        words = (str(new), "--slack", "--json", "--database", str(folder / "coupon.db"))
        result = await asyncio.to_thread(lambda: typed(*words, **environ))
    found = json.loads(result.stdout)
    assert found["groups_known"]
    assert found["verdicts"]["people_not_known"]["count"] == 0
    assert "rule 1 asks for 2 approvals, each by another active full member" in found["problems"][0]
