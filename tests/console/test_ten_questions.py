"""Each page that the table of docs/auditor.md names answers its question."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from console.readable import connect
from coupons.audit_events import AuditSearched, OpenidViewed
from coupons.events import Tag
from coupons.recording import SYSTEM, Event
from storage.store import Store
from tests.console.visiting import Place

DOCS: Final = Path(__file__).parents[2] / "docs" / "auditor.md"
#: By the question's number, what must stand on each of its pages.
ANSWERS: Final[Mapping[int, tuple[tuple[str, ...], ...]]] = {
    1: (("What happened", "Approved by", "U0LEAD"),),
    2: (("Other requests of this customer",),),
    3: (("found", "{agent}", "2026-10-", ">sent<"),),
    4: (("found", "{approver}", "2026-10-"), ("Approved by who asked", "Nothing.")),
    5: (("By agent", "By stock", "By approver", "{agent}", "yuan sent"),),
    6: (("Not known whether it was given",),),
    7: (("click:refused", "not_an_approver"),),
    8: (("openid:viewed", "words of a search that go on and on", "command line"),),
    9: (
        (
            "settings:changed",
            "roles.approvers",
            "sending:paused",
            "too many",
            "sending:resumed",
            "bot:started",
        ),
    ),
    10: (("Proof", "Holds."),),
}
_ROW: Final = re.compile(r"\| (\d+)\. .*\| (.*?) \|$", re.MULTILINE)


def _questions() -> Mapping[int, list[str]]:
    """The addresses of the table's last column."""
    text = DOCS.read_text(encoding="utf-8").split("## Ten questions")[1].split("\n## ")[0]
    return {int(number): re.findall(r"`(/[^`]*)`", cell) for number, cell in _ROW.findall(text)}


def _lived(here: Place) -> Mapping[str, str]:
    """A log in which everything that is asked about has happened; whom the samples of the docs stand for."""
    here.time.now += 1_000
    words = "words of a search that go on and on " * 20
    found = (
        Event(Tag.CLICK_REFUSED, "U0AGENT07", 5, {"reason": "not_an_approver"}),
        Event(Tag.SETTINGS_CHANGED, SYSTEM, None, {"changed": ["roles.approvers"]}),
        Event(Tag.SENDING_PAUSED, "U0LEAD03", None, {"reason": "too many"}),
        Event(Tag.SENDING_RESUMED, "U0LEAD03", None, {}),
        Event(Tag.BOT_STARTED, SYSTEM, None, {}),
        AuditSearched(where="command line", user="root", words=words, found=3).done_by(SYSTEM),
        OpenidViewed(where="slack", customer=7).done_by("U0FIN", 5),
    )
    for event in found:
        Store(here.database, clock=here.time).write_once(lambda tx, event=event: tx.append(event))  # type: ignore[misc]
    connection = connect(here.database)
    sql = """
select requester, approver, request.id from request join approval on approval.request_id = request.id
where state = 'sent' and created_at between 1790784000000 + 86400000 and 1793376000000 limit 1
"""
    agent, approver, number = connection.execute(sql).fetchone()
    connection.close()
    return {"agent": agent, "approver": approver, "number": str(number)}


def test_each_of_the_ten_questions_has_a_page() -> None:
    questions = _questions()
    assert sorted(questions) == sorted(ANSWERS) == list(range(1, 11))
    for number, paths in questions.items():
        assert len(paths) == len(ANSWERS[number])


@pytest.mark.parametrize("number", sorted(ANSWERS))
async def test_the_page_answers_the_question(here: Place, number: int) -> None:
    who = _lived(here)
    visitor = await here.signed_in()
    for path, answers in zip(_questions()[number], ANSWERS[number], strict=True):
        asked = path.replace("U0LI", who["agent"]).replace("U0WANG", who["approver"])
        asked = asked.replace("/request/12", f"/request/{who['number']}")
        answer = await visitor.get(quote(asked, safe="/?=&:+%"))
        assert answer.status == 200
        text = html.unescape(answer.text)
        for found in answers:
            assert found.format(**who) in text, found
