"""Does what became of each coupon agree with the events that tell of it?"""

from __future__ import annotations

from typing import Any, Final

from storage.errors import AuditBroken

#: Each tells what was known before it, so that none can be left out between two others.
_TELLS: Final = """
tells as (
    select request_id, seq, ts,
        body ->> '$.detail.state' as state, body ->> '$.detail.before' as before,
        body ->> '$.detail.happened_at' as happened_at, body ->> '$.detail.valid_until' as valid_until,
        lag(body ->> '$.detail.state', 1, '') over (partition by request_id order by seq) as earlier,
        lead(seq) over (partition by request_id order by seq) as later
    from event where tag = 'coupon:changed'
)
"""
_ORDER: Final = f"""
with {_TELLS}
select seq, request_id from tells where before is not earlier or request_id is null order by seq limit 1
"""
#: Of what was not sent there is no coupon to tell of.
_UNSENT: Final = """
select coupon_state.request_id as id from coupon_state join request on request.id = coupon_state.request_id
where request.state <> 'sent' order by id limit 1
"""
#: Both times are read off the clock in one transaction.
_ROWS: Final = f"""
with {_TELLS}
select tells.request_id as id
from tells left join coupon_state on coupon_state.request_id = tells.request_id
where tells.later is null and (
    coupon_state.state is not tells.state or coupon_state.happened_at is not tells.happened_at
    or coupon_state.valid_until is not tells.valid_until
    or coupon_state.changed_at is null or abs(coupon_state.changed_at - tells.ts) > 60000
)
union all
select request_id from coupon_state
where (state <> '' or happened_at is not null or valid_until is not null or changed_at is not null)
    and request_id not in (select request_id from tells where request_id is not null)
order by id limit 1
"""


def check_coupon_states(database: Any) -> None:
    """Raises AuditBroken: `coupon`, at the first that does not agree."""
    strange = database.execute(_ORDER).fetchone()
    if strange:
        raise AuditBroken(
            "coupon",
            f"event #{strange['seq']} tells what became of the coupon of request #{strange['request_id']}, "
            "and does not follow what was told before it",
        )
    for sql, what in (
        (_UNSENT, "was not sent, and yet something is known of its coupon"),
        (_ROWS, "has another state of its coupon than its events say"),
    ):
        row = database.execute(sql).fetchone()
        if row:
            raise AuditBroken("coupon", f"request #{row['id']} {what}")
