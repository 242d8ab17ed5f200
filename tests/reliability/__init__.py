"""What `make reliability` runs: faults, crashes, forgeries and tampering, counted."""
