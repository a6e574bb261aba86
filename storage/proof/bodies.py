"""Do the bytes that WeChat Pay is sent belong to the customer, and are they those that were asked for?

Events hold no openid, so the chain cannot show it; it holds the SHA-256 of the bytes, and the bytes name the
openid. Whoever puts another openid into the one or the other sends, or seems to have sent, somebody else's
coupon.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from coupons.masking import ERASED
from storage.errors import AuditBroken

#: Each event that names the digest must name the same; those of older versions name none.
_BODIES: Final = """
select request.id as id, request.body as body, request.customer as customer, customer.openid as openid,
    case when request.undoes is null then customer.openid else (
        select coupon_code from request as sent where sent.id = request.undoes
    ) end as named, least, most
from (
    select request_id, min(told) as least, max(told) as most
    from (
        select event.request_id as request_id, case instr(event.body, '"body_sha256":"') when 0 then null
            else substr(event.body, instr(event.body, '"body_sha256":"') + 15, 64) end as told
        from event indexed by event_by_request join request on request.id = event.request_id
        where event.tag in ('request:created', 'undo:created', 'offer:accepted', 'attempt:started')
            -- What was for another coupon was not sent.
            and event.seq >= coalesce(request.offer, 0)
    )
    group by request_id
)
join request on request.id = request_id left join customer on customer.id = request.customer
"""
_ERASED_WITHOUT_EVENT: Final = """
select id from customer
where substr(openid, 1, 7) = 'erased:' and id not in (
    select body ->> '$.detail.customer' from event where tag = 'customer:erased'
)
order by id limit 1
"""


def check_bodies(database: Any) -> None:
    """Raises AuditBroken: `body`, `customer`."""
    missing = database.execute(_ERASED_WITHOUT_EVENT).fetchone()
    if missing:
        raise AuditBroken("customer", f"customer {missing['id']} was erased, and no event tells of it")
    for number, body, customer, openid, named, least, most in map(tuple, database.execute(_BODIES)):
        if openid is None:
            raise AuditBroken("customer", f"the customer whom request #{number} is for is not there")
        if least != most:
            raise AuditBroken("body", f"request #{number} was sent with other bytes than were asked for")
        if not body and openid == f"{ERASED}{customer}":
            continue
        if least is not None and sha256(body).hexdigest() != least:
            raise AuditBroken("body", f"request #{number} holds other bytes than its events tell of")
        if named is None or named.encode() not in body:
            raise AuditBroken("customer", f"customer {customer} is not whom request #{number} is for")
