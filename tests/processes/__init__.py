"""What only a process of its own shows: signals, terminals, exit codes."""
