"""What hypothesis draws for the lifecycle machine."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_world import HOUR, OUTCOMES, PEOPLE

people, pick = st.sampled_from(PEOPLE), st.integers(0, 9)
jumps = st.sampled_from((1, 61_000, 61_000, HOUR // 2, HOUR // 2, HOUR, 3 * HOUR, 25 * HOUR, 40 * 24 * HOUR))
customers = st.sampled_from(("oCustomer-AN-000001", "oCustomer-BO-000002", "oCustomer-CY-000003"))
thens = st.sampled_from(("wait", "wait", "approve", "send", "send"))
outcomes = st.lists(st.sampled_from(OUTCOMES), max_size=4)
#: Where anybody did anything, hardly anything would come of it.
askers = st.sampled_from((world.LI, world.LI, world.LI, world.SUN, world.SUN, world.ZHAO, world.OUT))
clickers = st.sampled_from((*(world.WANG, world.ZHAO, world.BOSS) * 3, world.LI, world.SUN, world.OUT))
