"""`python -m handlers.bulk.reading_worker`: one bulk file, given on stdin, what was found told on stdout.

A process of its own: reading holds the interpreter for moments in which no command could be acknowledged, and
a file that somebody made to do harm can be given no more memory and time than it may have. It has nothing of
the bot's: no token, no database.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Final

from coupons.catalogue import Catalogue
from coupons.model import CodeMode, Stock
from coupons.worker_limits import limit_worker
from handlers.bulk.bulk_file import FileRefused, FormValues
from handlers.bulk.file_json import dump
from handlers.bulk.line_words import load_line_words
from handlers.bulk.reading import read_lines

_MEMORY: Final = 1024 * 2**20
_CPU_S: Final = 60
#: Whoever types a command goes first.
_NICE: Final = 5


def main() -> None:
    os.nice(_NICE)
    limit_worker(memory=_MEMORY, cpu_s=_CPU_S)
    asked = json.loads(sys.stdin.buffer.readline())
    # Names stay with the bot: here a stock is only known or not, and worth so much.
    catalogue = Catalogue(
        Stock(stock_id, alias, "", value_fen, CodeMode.WECHATPAY_MODE)
        for stock_id, alias, value_fen in asked["stocks"]
    )
    form = FormValues(
        stock=catalogue.find(asked["stock_id"]) if asked["stock_id"] else None,
        reason=asked["reason"],
        ticket=asked["ticket"],
    )
    try:
        found = read_lines(
            sys.stdin.buffer.read(),
            catalogue=catalogue,
            form=form,
            most_lines=asked["most_lines"],
            wanted=load_line_words(asked["words"]),
        )
    except FileRefused as refused:
        sys.stdout.writelines(f"{line}\n" for line in dump(refused))
    else:
        sys.stdout.writelines(f"{line}\n" for line in dump(found))


if __name__ == "__main__":
    main()
