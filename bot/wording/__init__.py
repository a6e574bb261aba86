"""What the terminal, the console and Slack are told of the log, in words and tables."""
