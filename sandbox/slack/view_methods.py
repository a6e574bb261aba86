"""views.*: open, push, update, publish."""

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import JSON, SlackError, refused
from sandbox.slack.limits import checked_view
from sandbox.slack.view_store import View


def _answer(caller: Caller, view: View) -> JSON:
    return {"view": caller.state.views.json(view)}


def _definition(arguments: Arguments, *, home: bool) -> JSON:
    return checked_view(arguments.structure("view", "invalid_arguments"), home=home)


def _trigger_id(arguments: Arguments) -> object:
    return arguments.raw("trigger_id") or arguments.raw("interactivity_pointer")


def open_view(caller: Caller, arguments: Arguments) -> JSON:
    """The view is looked at first: a bad one does not spend the trigger."""
    definition = _definition(arguments, home=False)
    trigger = caller.state.triggers.check(_trigger_id(arguments))
    view = caller.state.views.open(trigger.user, definition, trigger.id)
    trigger.spent = True
    return _answer(caller, view)


def push(caller: Caller, arguments: Arguments) -> JSON:
    definition = _definition(arguments, home=False)
    trigger = caller.state.triggers.check(_trigger_id(arguments))
    view = caller.state.views.push(trigger.user, definition, trigger.id)
    trigger.spent = True
    return _answer(caller, view)


def update(caller: Caller, arguments: Arguments) -> JSON:
    view_id, external_id = arguments.raw("view_id"), arguments.raw("external_id")
    if not view_id and not external_id:
        raise refused("invalid_arguments", ["missing required field: view_id [json-pointer:/view_id]"])
    view = caller.state.views.find(view_id, external_id)
    definition = _definition(arguments, home=view.type == "home")
    return _answer(caller, caller.state.views.update(view, definition, arguments.raw("hash")))


def publish(caller: Caller, arguments: Arguments) -> JSON:
    definition = _definition(arguments, home=True)
    person = caller.state.directory.get(arguments.need("user_id"))
    if person is None or person.deleted or person.is_bot or caller.state.directory.is_outsider(person):
        raise refused("invalid_arguments", ["invalid `user_id` [json-pointer:/user_id]"])
    if not caller.state.setup.home_tab_enabled:
        raise SlackError("not_enabled")
    return _answer(caller, caller.state.views.publish(person.id, definition, arguments.raw("hash")))
