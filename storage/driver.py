"""The SQLite that sqlite-utils uses: `pysqlite3` where it is installed, else Python's own.

Always this one, for connecting and for `except`: the two drivers' errors are unrelated classes, and two
SQLite libraries in one process undo each other's file locks.
"""

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # chosen there by what is installed

__all__ = ["sqlite3"]
