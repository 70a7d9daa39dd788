"""How long a join takes: from opening the signaling socket to the first decoded frame."""
