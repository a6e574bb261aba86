"""Rules tried on the past: what each request of the log would have needed by them. Pure, event after event.

Limits count as they would have: what these rules refuse was never asked for, and what ended without a coupon,
or with one that was taken back, counts no longer from then on. Groups are those of today, if they are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from coupons.batch import BatchLine
from coupons.batch_preview import preview, totals_of
from coupons.events import Tag
from coupons.model import CodeMode, Stock
from coupons.needs import enough_people, fills_of, given_out
from coupons.permissions import Decision, Reason, must_say
from coupons.policy import Policy
from coupons.recording import Recorded
from coupons.rules import Terms, find_rule, people, terms
from coupons.rules_trial_counts import PastCounts
from coupons.totals import Proposal

Members = Mapping[str, frozenset[str]]
#: What is read; the rest of the log tells nothing of rules.
TRIAL_TAGS: Final = frozenset(
    {
        Tag.REQUEST_CREATED,
        Tag.REQUEST_APPROVED,
        Tag.BATCH_CREATED,
        Tag.BATCH_APPROVED,
        Tag.REQUEST_DECLINED,
        Tag.REQUEST_CANCELLED,
        Tag.REQUEST_EXPIRED,
        Tag.REQUEST_REFUSED,
        Tag.REQUEST_CLOSED,
        Tag.UNDO_DONE,
    }
)
_ENDS: Final = TRIAL_TAGS - {
    Tag.REQUEST_CREATED,
    Tag.REQUEST_APPROVED,
    Tag.BATCH_CREATED,
    Tag.BATCH_APPROVED,
    Tag.UNDO_DONE,
}
#: Numbers that are named for each verdict.
_NAMED: Final = 10


class TrialVerdict(StrEnum):
    """What the new rules come to for one request, beside what was asked for then."""

    SAME = "same"
    MORE = "more"
    FEWER = "fewer"
    #: As many, of whom those who approved could not have given all.
    OTHER_PEOPLE = "other_people"
    #: As many; whether those who approved could have given them depends on who is in a group.
    PEOPLE_NOT_KNOWN = "people_not_known"
    #: Which rule fits depends on whether the requester is in a group.
    RULE_NOT_KNOWN = "rule_not_known"
    REFUSED = "refused"
    #: The new file has not its stock.
    NO_STOCK = "no_stock"


@dataclass(slots=True)
class TrialSum:
    """How many requests, what they are worth in fen, and the first few of their numbers."""

    count: int = 0
    fen: int = 0
    numbers: list[int] = field(default_factory=list)

    def add(self, number: int, fen: int) -> None:
        self.count += 1
        self.fen += fen
        if len(self.numbers) < _NAMED:
            self.numbers.append(number)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    requests: TrialSum
    verdicts: Mapping[TrialVerdict, TrialSum]
    refused: Mapping[Reason, TrialSum]
    #: By the rule's place from 1; 0: none fitted.
    by_rule: Mapping[int, TrialSum]
    #: Of these, what nobody could approve: too few people beside the requester.
    nobody: Mapping[int, TrialSum]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Needs as many as then: by whom, its approval tells."""

    terms: Terms
    requests: Sequence[tuple[int, int]]


class Trial:
    """`members` None: who is in which group is not known. `since`: earlier ones count, and are not told."""

    def __init__(
        self, policy: Policy, *, stock_ids: frozenset[str], members: Members | None = None, since: int = 0
    ) -> None:
        self._policy = policy
        self._stock_ids = stock_ids
        self._members = members
        self._since = since
        self._counts = PastCounts(policy)
        self._by_groups = any(entry.startswith("S") for rule in policy.rules for entry in rule.requesters)
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        self._lines: dict[int, list[Recorded]] = defaultdict(list)
        self._requests = TrialSum()
        self._verdicts: dict[TrialVerdict, TrialSum] = defaultdict(TrialSum)
        self._refused: dict[Reason, TrialSum] = defaultdict(TrialSum)
        self._by_rule: dict[int, TrialSum] = defaultdict(TrialSum)
        self._nobody: dict[int, TrialSum] = defaultdict(TrialSum)
        self._could: dict[tuple[Any, ...], bool | None] = {}

    def take(self, event: Recorded) -> None:
        """The next of TRIAL_TAGS, in the order of the log."""
        batch = event.detail.get("batch")
        match event.tag:
            case Tag.REQUEST_CREATED if isinstance(batch, int):
                self._lines[batch].append(event)
            case Tag.REQUEST_CREATED:
                self._judge_one(event)
            case Tag.BATCH_CREATED if isinstance(batch, int):
                self._judge_batch(event, self._lines.pop(batch, []), batch)
            case Tag.REQUEST_APPROVED if batch is None:
                self._approved(("request", event.request_id or 0), event)
            case Tag.BATCH_APPROVED if isinstance(batch, int):
                self._approved(("batch", batch), event)
            case Tag.UNDO_DONE:
                self._counts.end(_whole(event, "undoes"))
            case tag if tag in _ENDS:
                self._counts.end(event.request_id or 0)

    def result(self) -> Tried:
        """When all were taken. What nobody approved is the same as then, as far as it can be told."""
        for waiting in self._waiting.values():
            self._tell(TrialVerdict.SAME, waiting.requests)
        self._waiting.clear()
        return Tried(self._requests, self._verdicts, self._refused, self._by_rule, self._nobody)

    # --- one by one

    def _judge_one(self, event: Recorded) -> None:
        number, fen, stock_id = (
            event.request_id or 0,
            _whole(event, "value_fen"),
            str(event.detail["stock_id"]),
        )
        one = [(number, fen)]
        if stock_id not in self._stock_ids:
            self._tell(TrialVerdict.NO_STOCK, one, event.ts)
            return
        said = self._says(event)
        if not said.allowed:
            self._refuse(said.reason, one, event.ts)
            return
        proposal = Proposal(
            requester=event.actor, openid=str(event.detail.get("customer")), stock_id=stock_id, value_fen=fen
        )
        known = self._counts.facts(proposal, event.ts)
        found = terms(self._policy, known, self._members or {})
        if not found.decision.allowed:
            self._refuse(found.decision.reason, one, event.ts)
            return
        self._counts.add(number, proposal, event.ts, automatic=found.approvals_needed == 0)
        if self._members is None and self._by_groups:
            every = {entry: frozenset({event.actor}) for entry in self._policy.groups}
            if find_rule(self._policy, known, every)[0] != found.place:
                self._tell(TrialVerdict.RULE_NOT_KNOWN, one, event.ts)
                return
        self._judged(found, one, event, ("request", number))

    def _judge_batch(self, event: Recorded, lines: Sequence[Recorded], batch: int) -> None:
        """As its requester's preview would: the stricter of the rules decides for all lines."""
        known = [line for line in lines if str(line.detail["stock_id"]) in self._stock_ids]
        gone = [(line.request_id or 0, _whole(line, "value_fen")) for line in lines if line not in known]
        self._tell(TrialVerdict.NO_STOCK, gone, event.ts)
        for asked in known:
            if not (said := self._says(asked)).allowed:
                self._refuse(said.reason, [(asked.request_id or 0, _whole(asked, "value_fen"))], event.ts)
        known = [line for line in known if self._says(line).allowed]
        read = [_line(line) for line in known]
        counts = self._counts.used(totals_of(self._policy, event.actor, read), event.ts)
        seen = preview(self._policy, event.actor, read, counts, self._members or {})
        by_row = {row.row: line.request_id or 0 for row, line in zip(read, known, strict=True)}
        for refused in seen.refused:
            number = by_row[refused.line.row]
            self._refuse(refused.reason, [(number, refused.line.stock.value_fen)], event.ts)
        for line in seen.lines:
            proposal = Proposal(
                requester=event.actor,
                openid=line.openid,
                stock_id=line.stock.stock_id,
                value_fen=line.stock.value_fen,
            )
            self._counts.add(by_row[line.row], proposal, event.ts, automatic=False)
        taken = [(by_row[line.row], line.stock.value_fen) for line in seen.lines]
        if seen.terms is None:
            return
        if self._members is None and self._by_groups:
            every = {entry: frozenset({event.actor}) for entry in self._policy.groups}
            if preview(self._policy, event.actor, read, counts, every).terms != seen.terms:
                self._tell(TrialVerdict.RULE_NOT_KNOWN, taken, event.ts)
                return
        self._judged(seen.terms, taken, event, ("batch", batch))

    def _says(self, event: Recorded) -> Decision:
        """Whether a request, or a line, says of itself what the new rules ask for."""
        reason, ticket = (str(event.detail.get(name) or "") for name in ("reason", "ticket"))
        return must_say(self._policy.required, _whole(event, "value_fen"), reason, ticket)

    # --- what it comes to

    def _judged(
        self, found: Terms, requests: Sequence[tuple[int, int]], event: Recorded, key: tuple[str, int]
    ) -> None:
        # What many people get is looked at by one at least.
        needed = max(found.approvals_needed, int(key[0] == "batch"))
        if event.ts >= self._since:
            for number, fen in requests:
                self._by_rule[found.place].add(number, fen)
                if self._could_approve(found, needed, but=event.actor) is False:
                    self._nobody[found.place].add(number, fen)
        then = _whole(event, "approvals_needed")
        if needed != then:
            self._tell(TrialVerdict.MORE if needed > then else TrialVerdict.FEWER, requests, event.ts)
        elif event.ts >= self._since:
            self._waiting[key] = _Waiting(found, requests)

    def _approved(self, key: tuple[str, int], event: Recorded) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            names = event.detail.get("approvals")
            given = [str(name) for name in names] if isinstance(names, list) else []
            self._tell(self._people(waiting.terms, given), waiting.requests)

    def _people(self, found: Terms, given: Sequence[str]) -> TrialVerdict:
        """Whether those who approved could have given what is asked for now."""
        named = people(found.approvers, self._members or {})
        if found.needs:
            by_part = [people(part.of, self._members or {}) for part in found.needs.parts]
            fits = given_out(found.needs, tuple(fills_of(name, by_part) for name in given)) is not None
        else:
            fits = {*given} <= named
        if fits:
            return TrialVerdict.SAME
        return TrialVerdict.PEOPLE_NOT_KNOWN if self._not_known(found) else TrialVerdict.OTHER_PEOPLE

    def _could_approve(self, found: Terms, needed: int, *, but: str) -> bool | None:
        """None: not known."""
        if self._not_known(found):
            return None
        key = (found.approvers, found.needs, needed, but)
        if key not in self._could:
            members = self._members or {}
            if found.needs:
                by_part = [people(part.of, members) - {but} for part in found.needs.parts]
                self._could[key] = enough_people(found.needs, by_part)
            else:
                self._could[key] = len(people(found.approvers, members) - {but}) >= needed
        return self._could[key]

    def _not_known(self, found: Terms) -> bool:
        return self._members is None and any(entry.startswith("S") for entry in found.approvers)

    def _refuse(self, reason: Reason, requests: Sequence[tuple[int, int]], at: int) -> None:
        self._tell(TrialVerdict.REFUSED, requests, at)
        if at >= self._since:
            for number, fen in requests:
                self._refused[reason].add(number, fen)

    def _tell(
        self, verdict: TrialVerdict, requests: Sequence[tuple[int, int]], at: int | None = None
    ) -> None:
        if at is not None and at < self._since:
            return
        for number, fen in requests:
            self._requests.add(number, fen)
            self._verdicts[verdict].add(number, fen)


def _whole(event: Recorded, name: str) -> int:
    value = event.detail.get(name)
    return value if isinstance(value, int) else 0


def _line(event: Recorded) -> BatchLine:
    stock = Stock(str(event.detail["stock_id"]), "", "", _whole(event, "value_fen"), CodeMode.WECHATPAY_MODE)
    return BatchLine(_whole(event, "row"), str(event.detail.get("customer")), stock, "", "")
