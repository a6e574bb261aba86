"""Makes `lies/`: one file for each answer, callback or certificate list that must not be believed.

    .venv/bin/python -m tests.wechatpay.make_lies

Signed with the throw-away keys of the vectors, without chance and without a clock: made again, they are the
same.
"""

from __future__ import annotations

from pathlib import Path

from tests.wechatpay.lies_of_answers import about_the_body, about_the_signature
from tests.wechatpay.lies_of_others import callbacks, certificate_lists
from tests.wechatpay.lying import Lie

FOLDER = Path(__file__).parent / "lies"


def lies() -> dict[str, Lie]:
    """All, by name."""
    return about_the_signature() | about_the_body() | callbacks() | certificate_lists()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    made = lies()
    for old in FOLDER.glob("*.json"):
        if old.stem not in made:
            old.unlink()
    for name, lie in made.items():
        (FOLDER / f"{name}.json").write_text(lie.written(), encoding="utf-8")


if __name__ == "__main__":
    main()
