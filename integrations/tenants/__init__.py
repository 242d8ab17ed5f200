"""Tenants: whose accounts these are, and which channel speaks for whom."""
