"""Commands that are loaded when they are asked for, the nearest one to a word that is none, and what ends
any of them.

Slack's library alone takes longer than most commands.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from bot.cli.options import refuse
from bot.loading import loading
from coupons.errors import Refusal, StorageUnavailable


class NearestGroup(click.Group):
    """A word that is no command is answered with the nearest one that is."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            nearest = difflib.get_close_matches(args[0].casefold(), self.list_commands(ctx), n=1)
            if not nearest:
                raise
            raise click.UsageError(
                f"{error.message.rstrip('.')}; did you mean {nearest[0]!r}?", ctx
            ) from error


class LazyGroup(NearestGroup):
    """`places` says where each command is, as `module:name`. Only the group's own help loads all of them."""

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def invoke(self, ctx: click.Context) -> Any:
        """What a person must put right is said in one place, whichever command met it."""
        try:
            return super().invoke(ctx)
        except Refusal as error:
            refuse(error.problems)
        except StorageUnavailable as error:
            refuse([str(error)])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self._places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = place.partition(":")
        with loading():
            command: click.Command = getattr(import_module(module), name)
        return command
