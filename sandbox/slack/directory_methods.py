"""auth.test, users.info and usergroups.*."""

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import JSON, SlackError

APP = "app"


def auth_test(caller: Caller, arguments: Arguments) -> JSON:  # noqa: ARG001 - every method has this shape
    setup = caller.state.setup
    team = {
        "url": f"https://{setup.team_domain}.slack.com/",
        "team": setup.team_name,
        "team_id": setup.team_id,
    }
    if caller.token_kind == APP:
        return {"app_name": setup.bot_name, "app_id": setup.app_id}
    bot = caller.state.directory.people[setup.bot_user_id]
    return {
        **team,
        "user": bot.handle,
        "user_id": bot.id,
        "bot_id": setup.bot_id,
        "is_enterprise_install": False,
    }


def users_info(caller: Caller, arguments: Arguments) -> JSON:
    directory = caller.state.directory
    person = directory.get(arguments.need("user"))
    if person is None:
        raise SlackError("user_not_found")
    if directory.is_outsider(person) and not any(
        person.id in conversation.members and caller.is_member(conversation)
        for conversation in caller.state.conversations
    ):
        raise SlackError("user_not_visible")
    return {"user": directory.user_json(person, include_locale=arguments.flag("include_locale"))}


def usergroups_list(caller: Caller, arguments: Arguments) -> JSON:
    _paid(caller)
    directory = caller.state.directory
    include = arguments.flag("include_users")
    return {"usergroups": [directory.group_json(g, include_users=include) for g in directory.groups.values()]}


def usergroups_users_list(caller: Caller, arguments: Arguments) -> JSON:
    """All members at once, deactivated people too."""
    _paid(caller)
    group = caller.state.directory.groups.get(arguments.need("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def _paid(caller: Caller) -> None:
    if not caller.state.setup.paid_plan:
        raise SlackError("plan_upgrade_required")
