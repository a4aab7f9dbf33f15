"""Faults, tried often."""
