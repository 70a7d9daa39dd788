"""Whether the daemon gets on: its event loop, the engine's workers, the media itself."""
