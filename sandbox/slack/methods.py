"""The table of Web API methods: what runs, with which token, with which scope."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack import (
    app_files,
    chat_methods,
    conversation_methods,
    directory_methods,
    files,
    view_methods,
)
from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.errors import JSON

Run = Callable[[Caller, Arguments], JSON]


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: one of them is needed. `reads_json`: Slack's reading methods look at forms and queries
    only."""

    run: Run
    scopes: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ("bot",)
    reads_json: bool = True


READ = ("channels:read", "groups:read", "im:read")
HISTORY = ("channels:history", "groups:history", "im:history")
WRITE = ("chat:write",)


def method_table(open_socket: Run) -> dict[str, Method]:
    return {
        "apps.connections.open": Method(open_socket, ("connections:write",), ("app",)),
        "auth.test": Method(directory_methods.auth_test, tokens=("bot", "app")),
        "chat.postMessage": Method(chat_methods.post_message, WRITE),
        "chat.postEphemeral": Method(chat_methods.post_ephemeral, WRITE),
        "chat.update": Method(chat_methods.update, WRITE),
        "chat.delete": Method(chat_methods.delete, WRITE),
        "chat.getPermalink": Method(chat_methods.get_permalink, reads_json=False),
        "views.open": Method(view_methods.open_view),
        "views.push": Method(view_methods.push),
        "views.update": Method(view_methods.update),
        "views.publish": Method(view_methods.publish),
        "users.info": Method(directory_methods.users_info, ("users:read",), reads_json=False),
        "usergroups.list": Method(directory_methods.usergroups_list, ("usergroups:read",), reads_json=False),
        "usergroups.users.list": Method(
            directory_methods.usergroups_users_list, ("usergroups:read",), reads_json=False
        ),
        "files.info": Method(files.files_info, ("files:read",), reads_json=False),
        "files.getUploadURLExternal": Method(app_files.get_upload_url, ("files:write",), reads_json=False),
        "files.completeUploadExternal": Method(app_files.complete_upload, ("files:write",)),
        "conversations.open": Method(conversation_methods.open_conversation, ("im:write",)),
        "conversations.info": Method(conversation_methods.info, READ, reads_json=False),
        "conversations.members": Method(conversation_methods.members, READ, reads_json=False),
        "conversations.list": Method(conversation_methods.list_conversations, READ, reads_json=False),
        "conversations.history": Method(conversation_methods.history, HISTORY, reads_json=False),
        "conversations.replies": Method(conversation_methods.replies, HISTORY, reads_json=False),
    }
