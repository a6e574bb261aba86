"""Which approvals of a batch are its line's: a line that was struck out has none that came after that."""

from __future__ import annotations

from typing import Final

#: Where a row of `batch_approval` is called `given`.
OF_LINE: Final = """
given.batch = request.batch and not (request.state = 'declined' and given.at >= request.closed_at)
"""
