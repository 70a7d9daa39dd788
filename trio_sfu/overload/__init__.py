"""Limits and overload: what is refused, when, and what is shed so that sound goes on."""
