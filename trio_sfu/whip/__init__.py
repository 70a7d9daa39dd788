"""WHIP and WHEP: publishing into a room and watching one by plain HTTP (RFC 9725)."""
