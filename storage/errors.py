"""Errors of storage.

DatabaseRefused   the file cannot be used as it is, and was not touched: a person must act
ExportRefused     an export cannot be read or written: a person must act
CheckpointRefused a checkpoint or its key cannot be used: a person must act
AuditBroken       the log is not whole; the sentence names the first bad row and the kind of damage
"""

from __future__ import annotations

from coupons.errors import Refusal


class DatabaseRefused(Refusal):
    """The sentence says which file, what is wrong with it, and what would be right."""


class ExportRefused(Refusal):
    """The sentence says which file, what is wrong with it, and what would be right."""


class CheckpointRefused(Refusal):
    """The sentence says which key or text, what is wrong with it, and what would be right."""


class AuditBroken(Exception):
    """The log, its guards or the requests are not what the chain proves."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        #: One word for the kind of damage, for programs.
        self.kind = kind
