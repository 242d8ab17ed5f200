"""What would fix a failed control, and what would do it."""
