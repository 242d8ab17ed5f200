"""Accounts: how a tenant's AWS accounts are entered, and under which of its roles."""
