"""Can each request's story be? Its events are replayed by the table of transitions."""

from __future__ import annotations

from functools import cache
from typing import Any

from coupons.lifecycle import MOVES, MOVES_OF_UNDO
from coupons.model import State
from storage.errors import AuditBroken

#: One letter for each event that tells of a state: a story becomes a word, and as there are few different
#: words, each is replayed once. The scan and the joining happen inside SQLite.
_STORIES = """
with told as (
    select request_id, group_concat(letter, '') as story
    from (
        select request_id, case tag
            when 'request:created' then 'n' when 'approval:given' then 'g'
            when 'approval:withdrawn' then 'w' when 'offer:accepted' then 'm' when 'attempt:started' then 't'
            when 'request:approved' then case
                when actor = 'system' and body ->> '$.detail.approvals' = '[]' then 'o'
                when body ->> '$.detail.batch' is not null then 'b' else 'a' end
            when 'request:sent' then 's' when 'request:refused' then 'r' when 'request:unknown' then 'u'
            when 'request:held' then 'h' when 'request:retried' then 'y' when 'request:declined' then 'd'
            when 'request:cancelled' then 'c' when 'request:expired' then 'e'
            when 'request:closed' then 'x' when 'undo:created' then 'v' when 'undo:done' then 'z'
            when 'undo:refused' then 'r' else '' end as letter
        from event where request_id is not null order by request_id, seq
    )
    group by request_id
)
select request.id, request.state, request.attempts, request.approvals_needed,
    coalesce(told.story, '') as story
from request left join told on told.request_id = request.id
order by request.id
"""
#: How many approvals there are after it: one was given, or taken back.
_APPROVALS = {"g": 1, "w": -1}
_LEADS_TO = {
    "a": State.APPROVED,
    # By a rule, without a person.
    "o": State.APPROVED,
    # With its batch, whose approvals `storage.proof.batches` counts.
    "b": State.APPROVED,
    "s": State.SENT,
    "r": State.REFUSED,
    "u": State.UNKNOWN,
    "h": State.HELD,
    "y": State.APPROVED,
    "d": State.DECLINED,
    "c": State.CANCELLED,
    "e": State.EXPIRED,
    "x": State.CLOSED,
    "z": State.UNDONE,
}
#: How a story begins, and the table that it keeps to.
_BEGINNINGS = {"n": MOVES, "v": MOVES_OF_UNDO}
#: An attempt in doubt leaves the doubt.
_ATTEMPTED = {State.APPROVED: State.SENDING, State.SENDING: State.SENDING, State.UNKNOWN: State.UNKNOWN}


def check_stories(connection: Any) -> None:
    """No coupon without its approval, no state that was skipped. Raises AuditBroken."""
    for row in connection.execute(_STORIES):
        request, story = f"request #{row['id']}", row["story"]
        if story[:1] not in _BEGINNINGS:
            raise AuditBroken("state", f"{request} is {row['state']}, but no event tells that it was made")
        state = replay(story)
        if state is None:
            raise AuditBroken(
                "state", f"{request} is {row['state']}, but its events cannot follow each other so"
            )
        if state != row["state"]:
            raise AuditBroken("state", f"{request} is {row['state']}, but its events lead to {state}")
        if story.count("t") != row["attempts"]:
            raise AuditBroken(
                "state",
                f"{request} had {row['attempts']} attempts, and its events tell of {story.count('t')}",
            )
        if unapproved := lacks(story, row["approvals_needed"]):
            raise AuditBroken("state", f"{request} {unapproved}")


def fits(story: str, state: str, attempts: int, needed: int) -> bool:
    """Whether `check_stories` would find nothing wrong with such a request."""
    return replay(story) == state and story.count("t") == attempts and lacks(story, needed) is None


@cache
def replay(story: str) -> State | None:
    """The state after these events; None for a story that cannot be."""
    moves = _BEGINNINGS.get(story[:1])
    if moves is None:
        return None
    state, given = State.PENDING, 0
    for letter in story[1:]:
        if letter in _APPROVALS:
            given += _APPROVALS[letter]
            # Nobody approves what waits for no approval, or takes back what was not given.
            if state is not State.PENDING or given < 0:
                return None
            continue
        if letter == "m":
            # It is for another coupon from here on: no approval from before may stand.
            if state is not State.PENDING or given:
                return None
            continue
        after = _ATTEMPTED.get(state) if letter == "t" else _LEADS_TO.get(letter)
        if after is None or (letter != "t" and after not in moves[state]):
            return None
        state = after
    return state


@cache
def lacks(story: str, needed: int) -> str | None:
    """What is wrong with its approval; None: it has enough approvals, or is not approved yet."""
    if needed == 0 and story.startswith("v"):
        return "is an undo, and needs no approval"
    if "o" in story:
        return None if needed == 0 else f"needs {needed} approval(s), but its events say that a rule sent it"
    if "b" in story:
        return None if needed > 0 else "needs no approval, but its events say that its batch was approved"
    before, approved, _ = story.partition("a")
    if not approved:
        return None
    if needed == 0:
        return "needs no approval, but its events do not say that a rule approved it"
    given = before.count("g") - before.count("w")
    return None if given >= needed else f"was approved with {given} of the {needed} approvals it needs"
