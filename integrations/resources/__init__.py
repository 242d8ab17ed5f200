"""The resource graph: what exists and what is connected to what."""
