"""The audit log in a browser: Datasette over the live file, read-only, behind a sign-in of our own."""
