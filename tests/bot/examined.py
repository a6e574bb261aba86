"""What the doctor said of what an operator has."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.doctor.findings import Finding, Level
from storage.database import bring_up_to_date
from tests.bot.operating import Operator


@dataclass(frozen=True, slots=True)
class Said:
    """What the doctor said."""

    status: int
    findings: list[Finding]

    def of(self, level: Level) -> dict[str, str]:
        """The lines of this level, by check."""
        return {each.check: each.seen for each in self.findings if each.level is level}

    @property
    def fails(self) -> list[str]:
        return [each.check for each in self.findings if each.level is Level.FAIL]

    def line(self, check: str, level: Level = Level.FAIL) -> str:
        """The one line of this check and level, with its cure."""
        [found] = [each for each in self.findings if (each.check, each.level) == (check, level)]
        return found.lines()


async def examined(op: Operator) -> Said:
    """As JSON, which has the same content as the text."""
    result = await op.types("doctor", "--json")
    document = json.loads(result.stdout)
    findings = [Finding(**{**each, "level": Level(each["level"])}) for each in document["findings"]]
    said = Said(result.exit_code, findings)
    assert result.stderr == ""
    assert document["ok"] is (not said.fails)
    assert result.exit_code == (1 if said.fails else 0)
    assert all(bool(each.cure) == (each.level is not Level.OK) for each in findings)
    return said


def with_database(op: Operator) -> None:
    bring_up_to_date(op.folder / "coupon.db")
