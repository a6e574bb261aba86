"""How fast the bot is on this machine, each figure beside a limit measured in the same run."""
