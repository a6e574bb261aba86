"""The two ways of saying no: Slack's answer to a call, and Slack's client to a person."""

from typing import Any

JSON = dict[str, Any]


class SlackError(Exception):
    """A Web API call is refused. `code` is Slack's own error name; `extra` is merged into the answer."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    @property
    def body(self) -> JSON:
        return {"ok": False, "error": self.code, **self.extra}


def refused(code: str, messages: list[str]) -> SlackError:
    """Slack's error with its list of reasons, each naming a JSON pointer, as `[ERROR] …
    [json-pointer:/…]`."""
    return SlackError(
        code, errors=list(messages), response_metadata={"messages": [f"[ERROR] {line}" for line in messages]}
    )


class CannotDoError(Exception):
    """A real person could not do this in Slack's client: no such button, a required field empty, not a
    member."""


class FieldsError(CannotDoError):
    """Slack's client does not send the form off; `fields` are its words under the inputs, by block id."""

    def __init__(self, sentence: str, fields: dict[str, str]) -> None:
        super().__init__(sentence)
        self.fields = fields
