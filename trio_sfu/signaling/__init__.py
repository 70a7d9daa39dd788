"""The signaling protocol: messages, what is generated from them, and one client's session."""
