"""Does the database say what happened? Chain, guards, rows, and what was exported before."""
