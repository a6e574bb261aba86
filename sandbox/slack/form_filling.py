"""What a person can type and choose in a form, within what Slack's client lets them."""

import re
from typing import Any

from sandbox.slack.errors import JSON, CannotDoError, FieldsError
from sandbox.slack.view_store import LISTS, VALUE_KEYS, View

OPTION_MENUS = ("static_select", "radio_buttons", "overflow")
OPTION_LISTS = ("checkboxes", "multi_static_select")
TYPED = ("plain_text_input", "number_input", "email_text_input", "url_text_input")
OWN_MAXIMUM = 3000
MOST_FILES = 10
# Slack's client looks at these itself, before anything is sent; empty clears the field.
FORMS = {
    "number_input": re.compile(r"|-?\d+(\.\d+)?"),
    "email_text_input": re.compile(r"|[^@\s]+@[^@\s]+"),
    "url_text_input": re.compile(r"|https?://\S+"),
    "datepicker": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "timepicker": re.compile(r"\d{2}:\d{2}"),
}


def fill(view: View, values: dict[str, Any]) -> None:
    """Type into inputs: block id → value, or → {action id: value}. Options are named by their `value` or by
    the text on the screen. Raises CannotDoError where the client would not take it."""
    for block_id, given in values.items():
        block = view.input_block(block_id)
        if block is None:
            shown = [b["block_id"] for b in view.blocks if b["type"] == "input"]
            raise CannotDoError(f"the form has no input {block_id!r}; it has {shown}")
        element = block["element"]
        value = given
        if isinstance(given, dict) and element["type"] != "external_select":
            if set(given) != {element["action_id"]}:
                raise CannotDoError(f"input {block_id!r} has the action {element['action_id']!r} only")
            value = given[element["action_id"]]
        try:
            chosen = choose(element, value)
        except CannotDoError as error:
            raise FieldsError(str(error), {block_id: str(error)}) from None
        view.values.setdefault(block_id, {})[element["action_id"]] = {"type": element["type"], **chosen}


def missing(view: View) -> list[str]:
    """Required inputs nobody has filled in: Slack's client does not submit while there are any."""
    empty = []
    for block in view.blocks:
        if block["type"] != "input" or block.get("optional", False):
            continue
        element = block["element"]
        key = VALUE_KEYS[element["type"]][0]
        state = view.values.get(block["block_id"], {}).get(element["action_id"], {})
        if not state.get(key):
            empty.append(str(block["block_id"]))
    return empty


def choose(element: JSON, value: Any) -> JSON:
    """The state of this element once the person has chosen `value` in it. None clears it."""
    kind = element["type"]
    if kind == "button":
        return {"value": element["value"]} if "value" in element else {}
    key = "selected_option" if kind == "overflow" else VALUE_KEYS[kind][0]
    if value is None:
        return {key: [] if key in LISTS else None}
    return {key: _chosen(element, value)}


def _chosen(element: JSON, value: Any) -> Any:
    kind = element["type"]
    if kind in OPTION_MENUS:
        return _option(element, value)
    if kind in OPTION_LISTS:
        return [_option(element, each) for each in value]
    if kind == "external_select":
        return value if isinstance(value, dict) else _unlisted(value)
    if kind == "file_input" and len(value) > element.get("max_files", MOST_FILES):
        most = element.get("max_files", MOST_FILES)
        raise CannotDoError(f"{len(value)} files chosen; the field takes {most}")
    if kind in FORMS and not FORMS[kind].fullmatch(str(value)):
        raise CannotDoError(f"{value!r} is not what a {kind} takes")
    return _typed(element, value) if kind in TYPED else value


def _option(element: JSON, wanted: Any) -> JSON:
    groups = [option for group in element.get("option_groups", []) for option in group["options"]]
    options: list[JSON] = [*element.get("options", []), *groups]
    for option in options:
        if wanted in (option["value"], option["text"]["text"]):
            return option
    raise CannotDoError(f"no option {wanted!r}; there are {[option['value'] for option in options]}")


def _unlisted(value: Any) -> JSON:
    return {"text": {"type": "plain_text", "text": str(value), "emoji": True}, "value": str(value)}


def _typed(element: JSON, value: Any) -> str | None:
    if not isinstance(value, str):
        raise CannotDoError(f"a person types text, not {value!r}")
    most, least = element.get("max_length", OWN_MAXIMUM), element.get("min_length", 0)
    if element["type"] == "plain_text_input" and not least <= len(value) <= most:
        raise CannotDoError(f"{len(value)} characters typed; the field takes {least} to {most}")
    return value or None
