"""What somebody's own statement finds is JSON, too, for a notebook or a script."""

from __future__ import annotations

import json

from tests.console.visiting import Place


async def test_a_statement_is_answered_as_json(here: Place) -> None:
    here.slack.auditors.add("U0SQL")
    visitor = await here.signed_in("U0SQL")
    statement = "select+request,+reason,+null+as+empty,+x'00ff'+as+bytes+from+requests+order+by+request"
    answer = await visitor.get(f"/log.json?sql={statement}+limit+2")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    read = json.loads(answer.text)
    assert read["columns"] == ["request", "reason", "empty", "bytes"]
    assert [row[0] for row in read["rows"]] == [1, 2]
    assert read["rows"][0][2:] == [None, {"$base64": True, "encoded": "AP8="}]
    named = await visitor.get("/log.json?sql=select+state+from+requests+where+request+=+:number&number=1")
    assert len(json.loads(named.text)["rows"]) == 1
    within = await visitor.get("/log/requests.json?_where=request+<+3")
    assert len(json.loads(within.text)["rows"]) == 2
    nobody = await visitor.get("/log.json?sql=select+request+from+requests+where+false")
    assert json.loads(nobody.text)["rows"] == []
