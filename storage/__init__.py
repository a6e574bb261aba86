"""SQLite: one writing connection, one transaction for a change and its event, an append-only log."""
