"""Each codec and layering that browsers send, decoded at every layer: a table."""
