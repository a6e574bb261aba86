"""Rich text and tables: the two blocks that hold blocks of their own."""

from sandbox.slack.shapes import Shape, array, boolean, by_type, one_of, record, string, whole

STYLE = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_STYLED: dict[str, Shape] = {"style": STYLE}

INLINE = by_type(
    {
        "text": record({"text": string(40_000)}, _STYLED),
        "link": record({"url": string(3000)}, {**_STYLED, "text": string(40_000), "unsafe": boolean}),
        "user": record({"user_id": string(255)}, _STYLED),
        "usergroup": record({"usergroup_id": string(255)}, _STYLED),
        "channel": record({"channel_id": string(255)}, _STYLED),
        "emoji": record({"name": string(255)}, {**_STYLED, "unicode": string(255)}),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}, _STYLED),
        "color": record({"value": string(20)}),
        "date": record(
            {"timestamp": whole(0, 2**53), "format": string(255)},
            {**_STYLED, "url": string(3000), "fallback": string(255)},
        ),
    }
)
_LINES: dict[str, Shape] = {"elements": array(INLINE, 1000)}
_BORDER: dict[str, Shape] = {"border": whole(0, 1)}
_SECTION = by_type({"rich_text_section": record(_LINES)})

# What may stand in the `elements` of a rich_text block.
RICH_TEXT = by_type(
    {
        "rich_text_section": record(_LINES),
        "rich_text_preformatted": record(_LINES, {**_BORDER, "language": string(255)}),
        "rich_text_quote": record(_LINES, _BORDER),
        "rich_text_list": record(
            {"style": one_of("bullet", "ordered"), "elements": array(_SECTION, 1000)},
            {**_BORDER, "indent": whole(0, 8), "offset": whole(0, 10_000)},
        ),
    }
)

_CELL = by_type(
    {
        "raw_text": record({"text": string(10_000)}),
        "rich_text": record({"elements": array(RICH_TEXT, 100)}, {"block_id": string(255)}),
    }
)
TABLE_FIELDS: dict[str, Shape] = {"rows": array(array(_CELL, 20), 100)}
TABLE_OPTIONS: dict[str, Shape] = {
    "column_settings": array(
        record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}), 20
    )
}
