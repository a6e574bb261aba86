"""Block Kit elements (buttons, selects, inputs) and the objects inside them, with Slack's limits."""

from typing import Any

from sandbox.slack.shapes import (
    Problems,
    Shape,
    array,
    boolean,
    both,
    by_type,
    exactly_one,
    one_of,
    record,
    string,
    text,
    whole,
)

PLAIN = "plain_text"
MRKDWN = "mrkdwn"

CONFIRM = record(
    {
        "title": text(100, PLAIN),
        "text": text(300, PLAIN, MRKDWN),
        "confirm": text(30, PLAIN),
        "deny": text(30, PLAIN),
    },
    {"style": one_of("primary", "danger")},
)
PLACEHOLDER = text(150, PLAIN)


def _option(*kinds: str) -> Shape:
    return record(
        {"text": text(75, *kinds), "value": string(150)},
        {"description": text(75, *kinds), "url": string(3000)},
    )


OPTION = _option(PLAIN)
MARKED_OPTION = _option(PLAIN, MRKDWN)
OPTION_GROUP = record({"label": text(75, PLAIN), "options": array(OPTION, 100)})
# What an app may answer to what is typed into an external select.
SUGGESTIONS = both(
    record({}, {"options": array(OPTION, 100, 0), "option_groups": array(OPTION_GROUP, 100)}),
    exactly_one("options", "option_groups"),
)
ACTION_ID: dict[str, Shape] = {"action_id": string(255)}
SHARED: dict[str, Shape] = {**ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
MENU: dict[str, Shape] = {**SHARED, "placeholder": PLACEHOLDER}
TYPED: dict[str, Shape] = {
    **ACTION_ID,
    "placeholder": PLACEHOLDER,
    "focus_on_load": boolean,
    "dispatch_action_config": record(
        {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)}
    ),
}


def _values(element: dict[str, Any]) -> list[Any]:
    groups = [group["options"] for group in element.get("option_groups", [])]
    return [option for options in [element.get("options", []), *groups] for option in options]


def _initial_is_an_option(problems: Problems, element: dict[str, Any], pointer: str) -> None:
    chosen = element.get("initial_options", [])
    if "initial_option" in element:
        chosen = [element["initial_option"]]
    if any(option not in _values(element) for option in chosen):
        problems.add("initial option must be one of the options", pointer)


def _choices(initial: str, fields: dict[str, Shape]) -> Shape:
    one: Shape = OPTION if initial == "initial_option" else array(OPTION, 100)
    listed: dict[str, Shape] = {
        "options": array(OPTION, 100),
        "option_groups": array(OPTION_GROUP, 100),
        initial: one,
    }
    return both(
        record({}, {**fields, **listed}), exactly_one("options", "option_groups"), _initial_is_an_option
    )


def _ticked(initial: str, shape: Shape) -> Shape:
    return both(
        record({"options": array(MARKED_OPTION, 10)}, {**SHARED, initial: shape}), _initial_is_an_option
    )


SLACK_FILE = record({}, {"id": string(255), "url": string(3000)})
IMAGE = both(
    record({"alt_text": string(2000)}, {"image_url": string(3000), "slack_file": SLACK_FILE}),
    exactly_one("image_url", "slack_file"),
)
MANY: dict[str, Shape] = {"max_selected_items": whole(1, 100)}
IDS = array(string(255), 100, 0)

ELEMENTS: dict[str, Shape] = {
    "button": record(
        {"text": text(75, PLAIN)},
        {
            **ACTION_ID,
            "value": string(2000),
            "url": string(3000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "image": IMAGE,
    "overflow": record({"options": array(OPTION, 5)}, {**ACTION_ID, "confirm": CONFIRM}),
    "static_select": _choices("initial_option", MENU),
    "multi_static_select": _choices("initial_options", {**MENU, **MANY}),
    "external_select": record({}, {**MENU, "min_query_length": whole(0, 1000), "initial_option": OPTION}),
    "multi_external_select": record(
        {}, {**MENU, **MANY, "min_query_length": whole(0, 1000), "initial_options": array(OPTION, 100)}
    ),
    "users_select": record({}, {**MENU, "initial_user": string(255)}),
    "multi_users_select": record({}, {**MENU, **MANY, "initial_users": IDS}),
    "channels_select": record({}, {**MENU, "initial_channel": string(255), "response_url_enabled": boolean}),
    "conversations_select": record(
        {},
        {
            **MENU,
            "initial_conversation": string(255),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": record({}, {"include": IDS, "exclude_bot_users": boolean}),
        },
    ),
    "datepicker": record({}, {**MENU, "initial_date": string(10, 10)}),
    "timepicker": record({}, {**MENU, "initial_time": string(5, 5), "timezone": string(255)}),
    "checkboxes": _ticked("initial_options", array(MARKED_OPTION, 10)),
    "radio_buttons": _ticked("initial_option", MARKED_OPTION),
    "plain_text_input": record(
        {},
        {
            **TYPED,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
    ),
    # The bounds are strings, and is_decimal_allowed has no default.
    "number_input": record(
        {"is_decimal_allowed": boolean},
        {**TYPED, "initial_value": string(255), "min_value": string(255), "max_value": string(255)},
    ),
    "email_text_input": record({}, {**TYPED, "initial_value": string(3000)}),
    "url_text_input": record({}, {**TYPED, "initial_value": string(3000)}),
    "file_input": record({}, {**ACTION_ID, "filetypes": IDS, "max_files": whole(1, 10)}),
}

TYPED_IN = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input"}
IN_SECTION = set(ELEMENTS) - TYPED_IN
IN_ACTIONS = set(ELEMENTS) - TYPED_IN - {"image"}
IN_INPUT = set(ELEMENTS) - {"button", "overflow", "image"}

ACCESSORY = by_type(ELEMENTS, IN_SECTION)
ACTION = by_type(ELEMENTS, IN_ACTIONS)
INPUT = by_type(ELEMENTS, IN_INPUT)
# File inputs live in modals only.
INPUT_OUTSIDE_MODALS = by_type(ELEMENTS, IN_INPUT - {"file_input"})
IN_CONTEXT = by_type(
    {"image": IMAGE, PLAIN: text(3000, PLAIN), MRKDWN: text(3000, MRKDWN)}, {"image", PLAIN, MRKDWN}
)
