"""What an operator sees of a running daemon at the command line: its rooms, its figures."""
