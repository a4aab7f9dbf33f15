"""Fault injection: each fault is tried often."""
