"""Measurements against the peers, each comparing values before it times anything."""
