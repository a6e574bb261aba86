"""The SQLite that Datasette and the rest of the program use, without loading any of them.

`pysqlite3` where it is installed, else Python's own.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

sqlite3: Final[Any] = import_module("pysqlite3" if find_spec("pysqlite3") else "sqlite3")
