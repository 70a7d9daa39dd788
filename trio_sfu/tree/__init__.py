"""The live supervision tree: what runs now, found where it really is."""
