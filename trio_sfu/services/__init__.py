"""What the daemon can do without: each such part is restarted on its own when it fails."""
