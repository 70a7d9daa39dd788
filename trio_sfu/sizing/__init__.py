"""What a machine carries: a short run of the real engine, and what follows from it."""
