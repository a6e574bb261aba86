"""The console as a server of its own, and what it needs from the rest of the program."""
