"""How long the loops of a running bot wait, in one place: a test of many waits makes them short."""

from __future__ import annotations

from dataclasses import dataclass

from coupons.posts import LONGEST_PAUSE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Seconds. Those of sending are in `coupons.settling.Pace`."""

    #: After a post that failed, by its tries.
    posts_s: tuple[float, ...] = (1, 2, 5, 15, 30, 60, 120, LONGEST_PAUSE_MS / 1000)
    #: Before a file of a batch is asked for again that Slack did not give.
    files_s: tuple[float, ...] = (1, 2, 5, 15, 30, 60)
    #: Before a reply is tried again whose card does not stand yet.
    no_card_s: float = 1.0
    #: Between two posts to an approval channel that refuses them, by how many it refused.
    lost_channel_s: tuple[float, ...] = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
    #: A loss of the channel shows itself by a refused post; in quiet hours by a check.
    channel_check_s: float = 60.0
    #: Before a click is decided again, when Slack could not say who somebody is.
    click_s: float = 2.0
    #: Between two views of Home for one person: what changes meanwhile is shown together.
    home_s: float = 2.0
    #: Between two comparisons of the clock.
    clock_s: float = 2.0
    #: A machine that slept is confirmed at once: nobody is told of what is over by then.
    clock_doubt_s: float = 10.0
    #: Between two commits that show whether the database takes them.
    database_s: float = 2.0
