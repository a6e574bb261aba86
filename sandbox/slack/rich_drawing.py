"""Rich text drawn as lines."""

from collections.abc import Callable

from sandbox.slack.errors import JSON
from sandbox.slack.mrkdwn import Reader
from sandbox.slack.terminal_text import wrap

LIST_MARGIN = 6


def rich_lines(reader: Reader, elements: list[JSON], columns: int) -> list[str]:
    lines: list[str] = []
    for element in elements:
        if element["type"] == "rich_text_list":
            lines.extend(_list(reader, element, columns))
        else:
            mark = "┃ " if element["type"] == "rich_text_quote" else ""
            body = _inline(reader, element["elements"]).removesuffix("\n")
            lines.extend(mark + line for line in wrap(body, columns - len(mark)))
    return lines


def _list(reader: Reader, element: JSON, columns: int) -> list[str]:
    lines: list[str] = []
    indent = "  " * element.get("indent", 0)
    for number, item in enumerate(element["elements"], start=element.get("offset", 0) + 1):
        bullet = f"{number}. " if element["style"] == "ordered" else "• "
        first, *rest = wrap(_inline(reader, item["elements"]), columns - len(indent) - LIST_MARGIN)
        lines.append(indent + bullet + first)
        lines.extend(indent + " " * len(bullet) + line for line in rest)
    return lines


def _inline(reader: Reader, elements: list[JSON]) -> str:
    draw: dict[str, Callable[[JSON], str]] = {
        "text": lambda e: _text(reader, e),
        "user": lambda e: reader.user(e["user_id"]),
        "usergroup": lambda e: reader.group(e["usergroup_id"]),
        "channel": lambda e: reader.channel(e["channel_id"]),
        "emoji": lambda e: f":{e['name']}:",
        "broadcast": lambda e: reader.style.bold(f"@{e['range']}"),
        "date": lambda e: reader.date(e["timestamp"], e["format"], e.get("fallback", "")),
        "link": lambda e: f"{e['text']} ({e['url']})" if "text" in e else str(e["url"]),
        "color": lambda e: str(e["value"]),
    }
    return "".join(draw[element["type"]](element) for element in elements)


def _text(reader: Reader, element: JSON) -> str:
    style, text = element.get("style", {}), str(element["text"])
    if style.get("code"):
        text = reader.style.cyan(text)
    return reader.style.bold(text) if style.get("bold") else text
