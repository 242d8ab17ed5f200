"""Slack: verify, parse, render, post."""
