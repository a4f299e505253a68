"""The vocabulary (events, commands, topics, settings), the exactly-once runtime, the normalise agents and the CLI."""
