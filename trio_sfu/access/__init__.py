"""Who may join which room, and what they may do there: keys, join tokens, grants.

A leaf: it knows nothing of rooms, sockets or settings. ``verify`` is a pure function;
``gate.Gate`` adds what has to be remembered between two tokens.
"""

from trio_sfu.access.gate import Gate
from trio_sfu.access.grant import OPEN, Grant
from trio_sfu.access.verify import Policy, verify

__all__ = ["OPEN", "Gate", "Grant", "Policy", "verify"]
