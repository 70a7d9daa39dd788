"""How much memory a peer costs the daemon."""
