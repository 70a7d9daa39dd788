"""What forwarding costs on this host, beside what its kernel and its crypto cost alone."""
