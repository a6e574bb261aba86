"""Blocks drawn as lines of text."""

from collections.abc import Callable
from typing import Any

from sandbox.slack.errors import JSON
from sandbox.slack.mrkdwn import Reader
from sandbox.slack.rich_drawing import rich_lines
from sandbox.slack.terminal_text import pad, side_by_side, width, wrap
from sandbox.slack.view_store import VALUE_KEYS

GUTTER = 3


class Drawing:
    """Draws for one reader, `columns` wide. `values` are what was typed, when the blocks are a form's."""

    def __init__(
        self, reader: Reader, columns: int, values: dict[str, dict[str, JSON]] | None = None
    ) -> None:
        self._reader = reader
        self._columns = columns
        self._values = values or {}
        self._style = reader.style
        self._draw: dict[str, Callable[[JSON], list[str]]] = {
            "section": self._section,
            "header": self._header,
            "divider": lambda _: [self._style.dim("─" * columns)],
            "context": self._context,
            "actions": self._actions,
            "image": lambda block: [f"[image: {block['alt_text']}]"],
            "input": self._input,
            "markdown": lambda block: wrap(block["text"], columns),
            "rich_text": lambda block: rich_lines(reader, block["elements"], columns),
            "table": self._table,
        }

    def blocks(self, blocks: list[JSON]) -> list[str]:
        lines: list[str] = []
        for block in blocks:
            lines.extend(self._draw[block["type"]](block))
        return lines

    def text(self, text: JSON) -> str:
        if text["type"] == "mrkdwn":
            return self._reader.read(text["text"])
        return self._reader.unmarked(text["text"])

    def _section(self, block: JSON) -> list[str]:
        lines = wrap(self.text(block["text"]), self._columns) if "text" in block else []
        fields = [self.text(field) for field in block.get("fields", [])]
        half = self._columns // 2
        for index in range(0, len(fields), 2):
            left = wrap(fields[index], half - GUTTER)
            right = wrap(fields[index + 1], half - GUTTER) if index + 1 < len(fields) else []
            lines.extend(side_by_side(left, right, half))
        accessory = block.get("accessory")
        return [*lines, self._element(accessory, block)] if accessory else lines

    def _header(self, block: JSON) -> list[str]:
        return [self._style.bold(line) for line in wrap(self.text(block["text"]), self._columns)]

    def _context(self, block: JSON) -> list[str]:
        parts = [
            f"[image: {e['alt_text']}]" if e["type"] == "image" else self.text(e) for e in block["elements"]
        ]
        return [self._style.dim(line) for line in wrap("  ".join(parts), self._columns)]

    def _actions(self, block: JSON) -> list[str]:
        lines, line = [], ""
        for element in block["elements"]:
            drawn = self._element(element, block)
            if line and width(line) + 2 + width(drawn) > self._columns:
                lines.append(line)
                line = ""
            line = f"{line}  {drawn}" if line else drawn
        return [*lines, line]

    def _input(self, block: JSON) -> list[str]:
        label = self._style.bold(self.text(block["label"]))
        optional = self._style.dim(" (optional)") if block.get("optional") else ""
        lines = [label + optional, self._element(block["element"], block)]
        if "hint" in block:
            lines.extend(self._style.dim(line) for line in wrap(self.text(block["hint"]), self._columns))
        return lines

    def _element(self, element: JSON, block: JSON) -> str:
        match element["type"]:
            case "button":
                label = f"[{self.text(element['text'])}]"
                paint = {"primary": self._style.green, "danger": self._style.red}
                return paint.get(element.get("style", ""), str)(label)
            case "image":
                return f"[image: {element['alt_text']}]"
            case "overflow":
                return "[⋯]"
            case "checkboxes" | "radio_buttons":
                return self._choices(element, block)
            case kind:
                chosen = self._chosen(element, block)
                hint = element.get("placeholder", {}).get("text", "")
                mark = " ▾" if "select" in kind or "picker" in kind else ""
                return f"[{chosen or hint or ' ' * 12}{mark}]"

    def _choices(self, element: JSON, block: JSON) -> str:
        state = self._state(element, block) or []
        ticked = [o["value"] for o in (state if isinstance(state, list) else [state])]
        marks = (
            {True: "(•)", False: "( )"} if element["type"] == "radio_buttons" else {True: "[x]", False: "[ ]"}
        )
        return "  ".join(f"{marks[o['value'] in ticked]} {self.text(o['text'])}" for o in element["options"])

    def _state(self, element: JSON, block: JSON) -> Any:
        key, initial = VALUE_KEYS[element["type"]]
        typed = self._values.get(block.get("block_id", ""), {}).get(element.get("action_id", ""), {})
        return typed.get(key, element.get(initial))

    def _chosen(self, element: JSON, block: JSON) -> str:
        state = self._state(element, block)
        items = state if isinstance(state, list) else [state] if state else []
        shown = []
        for item in items:
            if isinstance(item, dict):
                shown.append(self.text(item["text"]) if "text" in item else str(item.get("name", "")))
            elif element["type"] in ("users_select", "multi_users_select"):
                shown.append(self._reader.user(item))
            else:
                shown.append(str(item))
        return ", ".join(shown)

    def _table(self, block: JSON) -> list[str]:
        rows = [[self._cell(cell) for cell in row] for row in block["rows"]]
        widths = [max(width(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
        lines = ["  ".join(pad(cell, widths[i]) for i, cell in enumerate(row)).rstrip() for row in rows]
        rule = self._style.dim("─" * min(self._columns, sum(widths) + 2 * (len(widths) - 1)))
        return [self._style.bold(lines[0]), rule, *lines[1:]]

    def _cell(self, cell: JSON) -> str:
        if cell["type"] == "raw_text":
            return str(cell["text"])
        return " ".join(rich_lines(self._reader, cell["elements"], self._columns))
