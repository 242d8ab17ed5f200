"""Requests to fix something, and the record of everything that was done about them."""
