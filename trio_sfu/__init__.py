"""A WebRTC SFU whose every task lives in one trio nursery tree."""
