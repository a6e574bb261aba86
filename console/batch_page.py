"""One batch: what was asked for, what happened, how its lines ended over time, and these lines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console import svg
from console.figures import Chart
from console.finding import LogSearch, Result
from console.language import N_, state_name, words
from console.person_names import People
from console.ports import Outside
from console.story import StoryStep, steps_of
from coupons.auditing import BatchStory, story_of_batch
from coupons.batches import BatchState
from coupons.days import beijing_time
from coupons.events import Tag
from coupons.model import State

#: At most so many columns in the chart.
_COLUMNS: Final = 40
#: The time that a column stands for: the shortest of these that is long enough.
_STEPS_MS: Final = tuple(
    seconds * 1000
    for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400, 604_800)
)
#: How a line ends once its batch was approved; those struck out ended before.
_ENDS: Final = (State.SENT, State.REFUSED, State.CLOSED, State.CANCELLED)
#: As on its card.
STATES: Final[Mapping[BatchState, str]] = {
    BatchState.PENDING: N_("pending"),
    BatchState.APPROVED: N_("approved"),
    BatchState.RUNNING: N_("running"),
    BatchState.PAUSED: N_("paused"),
    BatchState.DONE: N_("done"),
    BatchState.CANCELLED: N_("cancelled"),
    BatchState.DECLINED: N_("declined"),
    BatchState.EXPIRED: N_("expired"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    story: BatchStory
    steps: Sequence[StoryStep]
    #: None: none of its lines has ended since it was approved.
    chart: Chart | None
    #: Those in `state`, newest first; None: in whatever state.
    lines: Result
    state: State | None

    @property
    def state_word(self) -> str:
        return words(STATES[self.story.batch.state]) if self.story.batch.state in STATES else ""


class BatchPages:
    def __init__(self, outside: Outside, finding: LogSearch, people: People) -> None:
        self._outside = outside
        self._finding = finding
        self._people = people

    async def of(self, number: int, state: State | None, below: int | None) -> BatchPage | None:
        """None: there is no such batch in the log. Raises FileRefused."""
        found = await asyncio.to_thread(self._read, number)
        if found is None:
            return None
        story, ends, step_ms = found
        narrowed = f"batch:{number}" if state is None else f"batch:{number} state:{state}"
        lines = await asyncio.to_thread(self._finding.page, narrowed, below)
        await self._people.learn(_people_of(story))
        return BatchPage(
            story=story,
            steps=steps_of(story.events, self._outside, self._people),
            chart=_chart(ends, step_ms),
            lines=lines,
            state=state,
        )

    def _read(self, number: int) -> tuple[BatchStory, Sequence[tuple[int, State, int]], int] | None:
        with self._outside.reading() as rows:
            story = story_of_batch(rows, batch_id=number)
            if story is None:
                return None
            approved = next((event.ts for event in story.events if event.tag == Tag.BATCH_APPROVED), None)
            if approved is None:
                return story, (), 0
            ends = [each for each in rows.ends_of_batch(number, _STEPS_MS[0]) if each[1] in _ENDS]
            span = ends[-1][0] - ends[0][0] if ends else 0
            step = next((each for each in _STEPS_MS if span < each * _COLUMNS), _STEPS_MS[-1])
            return story, [each for each in rows.ends_of_batch(number, step) if each[1] in _ENDS], step


def _people_of(story: BatchStory) -> Iterator[str | None]:
    yield from (story.batch.requester, story.batch.closed_by)
    yield from (approval.approver for approval in story.approvals)
    yield from (event.actor for event in story.events)


def _chart(ends: Sequence[tuple[int, State, int]], step_ms: int) -> Chart | None:
    """How many lines had ended by when: a column holds those before it, too; a pause is as long as it was."""
    if not ends:
        return None
    sums, rows = dict.fromkeys(_ENDS, 0), dict[int, tuple[int, ...]]()
    for began in range(ends[0][0], ends[-1][0] + 1, step_ms):
        for _, state, count in (each for each in ends if each[0] == began):
            sums[state] += count
        rows[began] = (*sums.values(), sum(sums.values()))
    days = len({beijing_time(began)[:10] for began in rows}) > 1
    names = {began: beijing_time(began)[5 if days else 11 :] for began in rows}
    title = words("Lines that have ended, by time")
    return Chart(
        "ended",
        title,
        words("Beijing time; each column counts those before it, too."),
        svg.columns(title, [(names[began], counts[-1]) for began, counts in rows.items()]),
        (words("time"), *map(state_name, _ENDS), words("ended")),
        [(names[began], *(f"{n:,}" for n in counts)) for began, counts in rows.items()],
    )
