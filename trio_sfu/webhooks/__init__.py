"""Telling other programs by HTTP what happens in the rooms: signed, tried again, bounded."""
