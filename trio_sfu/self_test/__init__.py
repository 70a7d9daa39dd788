"""Real media through the daemon, to itself: what a call needs, tried without callers."""
