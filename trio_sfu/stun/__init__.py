"""STUN and TURN as a client (RFC 8489, RFC 8656): messages, transactions, what is asked by them."""
