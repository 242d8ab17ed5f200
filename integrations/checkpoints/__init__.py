"""Checkpoints: how far something that goes on for ever has come."""
