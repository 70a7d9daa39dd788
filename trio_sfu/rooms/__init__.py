"""Rooms and peers: crash groups, pure state, and who is shown where."""
