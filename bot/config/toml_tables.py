"""coupon.toml as TOML alone, before anything is checked; what checks it takes longer to load than to run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bot.config.timed_read import read_text_within
from coupons.errors import Refusal


class CouponTomlProblems(Refusal):
    """What is wrong with coupon.toml, all of it: one sentence for each problem."""


def tables_of(path: Path) -> dict[str, Any]:
    """The file as TOML alone. Raises CouponTomlProblems."""
    try:
        return tomllib.loads(read_text_within(path))
    except OSError as error:
        sentence = f"{path.absolute()} cannot be read ({error.strerror}); it must be the bot's coupon.toml"
    except UnicodeDecodeError:
        sentence = f"{path.absolute()} is not in UTF-8; it must be saved as UTF-8"
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(?s)(.*) \(at (.*)\)", str(error))
        what, place = (found[1], found[2]) if found else (str(error), "in the file")
        sentence = f"{path}, {place}: this is not TOML: {what}"
    except RecursionError:
        sentence = (
            f"{path} holds brackets in brackets, thousands deep; no setting of coupon.toml is like that"
        )
    raise CouponTomlProblems(sentence)


def stock_words(path: Path) -> frozenset[str]:
    """What the file calls its stocks, letter case aside: no other word is one. Raises CouponTomlProblems."""
    stocks = tables_of(path).get("stock")
    found = (stock.get(key) for stock in _tables(stocks) for key in ("stock_id", "alias"))
    return frozenset(word.casefold() for word in found if isinstance(word, str))


def _tables(found: object) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
