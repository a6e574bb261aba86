"""After a campaign with batches: files, lines, cards and the log agree, line by line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.world import World

#: The first words of a card.
_HEADLINES = {"done": "Done", "cancelled": "Cancelled", "declined": "Declined", "expired": "Expired"}
#: What a card says of lines in such a state.
_COUNTED = {"sent": "sent", "refused": "refused by WeChat Pay", "closed": "closed", "cancelled": "withdrawn"}
_BUTTONS = ("approve_batch", "decline_batch", "pause_batch", "resume_batch", "cancel_batch")

#: openid and stock, as they stand in a file.
Line = tuple[str, str]


def batches_agree(shop: World, files: Mapping[str, Sequence[Line]]) -> Iterator[str]:
    """One sentence for each disagreement. `files`: what each file holds, by its name."""
    lines, cards = defaultdict(list), defaultdict(list)
    for row in shop.rows(
        "select request.*, customer.openid from request join customer on customer.id = request.customer "
        "where batch is not null order by batch, batch_row"
    ):
        lines[row["batch"]].append(row)
    for card in shop.slack.messages("C0APPROVE"):
        found = re.search(r": batch (\d+) of ", card.text)
        if found and card.from_bot:
            cards[int(found[1])].append(card)
    tags = _tags(shop)
    for batch in shop.rows("select * from batch where submitted_at is not null and state <> 'discarded'"):
        mine = lines.pop(batch["id"], [])
        yield from _lines(batch, mine, files[batch["file_name"]])
        yield from _card(batch, mine, cards[batch["id"]])
        yield from _log(batch, tags[batch["id"]])
        if batch["state"] == "done":
            yield from _result(shop, batch, mine)
    for stray in lines:
        yield f"batch {stray} has lines, and was not submitted"


def _lines(batch: Mapping[str, Any], lines: Sequence[Any], file: Sequence[Line]) -> Iterator[str]:
    if Counter(row["openid"] for row in lines) != Counter(openid for openid, _ in file):
        yield f"batch {batch['id']} has {len(lines)} lines, and others than the {len(file)} of its file"
    if len(lines) != batch["size"]:
        yield f"batch {batch['id']} has {len(lines)} lines, and says {batch['size']}"
    if sum(row["value_fen"] for row in lines) != batch["value_fen"]:
        yield f"batch {batch['id']} is worth another sum than its lines"


def _card(batch: Mapping[str, Any], lines: Sequence[Any], cards: Sequence[Any]) -> Iterator[str]:
    name = f"batch {batch['id']}"
    if [card.ts for card in cards] != [batch["card_ts"]]:
        yield f"{name} has {len(cards)} cards"
        return
    [card] = cards
    if not card.text.startswith(f"{_HEADLINES.get(batch['state'])}: {name} of "):
        yield f"{name} is {batch['state']}, and its card says {card.text[:30]!r}"
    states = Counter(row["state"] for row in lines)
    for state, words in _COUNTED.items():
        found = re.search(rf"\b([\d,]+) {words}\b", card.text)
        said = int(found[1].replace(",", "")) if found else 0
        if batch["state"] == "done" and said != states[state]:
            yield f"{name} has {states[state]} lines {state}, and its card says {said}"
    if any(card.element(action) for action in _BUTTONS):
        yield f"{name} is {batch['state']}, and its card can still be clicked"


def _result(shop: World, batch: Mapping[str, Any], lines: Sequence[Any]) -> Iterator[str]:
    """The newest file that its requester got, against the rows."""
    name = f"batch-{batch['id']}-result-"
    got = [shop.slack.state.files[each] for dm in shop.slack.dms(batch["requester"]) for each in dm.file_ids]
    files = [file for file in got if file.name.startswith(name) and file.extension == "csv"]
    if not files:
        yield f"batch {batch['id']} is done, and its requester got no result"
        return
    in_file = [
        (int(row["row"]), int(row["request"]), row["state"], row["coupon_code"].strip("`"))
        for row in csv.DictReader(io.StringIO(files[-1].content.decode("utf-8-sig")))
    ]
    kept = [(row["batch_row"], row["id"], row["state"], row["coupon_code"] or "") for row in lines]
    if in_file != kept:
        yield f"batch {batch['id']}: {len({*in_file} ^ {*kept})} lines of its result differ from its rows"


def _log(batch: Mapping[str, Any], tags: Counter[str]) -> Iterator[str]:
    name, needed = f"batch {batch['id']}", batch["approvals_needed"]
    if tags["batch:created"] != 1:
        yield f"{name} was created {tags['batch:created']} times"
    if batch["state"] == "done" and (tags["batch:approved"], tags["batch:done"]) != (1, 1):
        yield f"{name} is done: {tags['batch:approved']} times approved, {tags['batch:done']} times done"
    if batch["state"] == "done" and tags["approval:given"] != needed:
        yield f"{name} has {tags['approval:given']} of {needed} approvals in the log"


def _tags(shop: World) -> Mapping[int, Counter[str]]:
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in shop.rows("select body from event where request_id is null order by seq"):
        event = json.loads(row["body"])
        if event["detail"].get("batch") is not None:
            found[event["detail"]["batch"]][event["tag"]] += 1
    return found
