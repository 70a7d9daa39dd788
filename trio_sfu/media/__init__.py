"""Handles of what lives in the packet engine: engine, transports, tracks, slots."""
