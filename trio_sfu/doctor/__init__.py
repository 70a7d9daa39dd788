"""What keeps, or would keep, a daemon on this machine from carrying calls; and the way out."""
