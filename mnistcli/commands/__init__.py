"""The commands: each parses its options, calls the workers, and prints."""
