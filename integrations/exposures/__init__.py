"""Exposures as they were ranked last."""
