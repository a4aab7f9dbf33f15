"""The commands: options, streams and exit codes; each command imports its workers when called."""
