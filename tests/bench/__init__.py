"""Figures, measured beside the other thing."""
