"""The daemon under systemd: its units, and how they get to where systemd finds them."""
