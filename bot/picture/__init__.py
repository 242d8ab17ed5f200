"""A subgraph drawn as a PNG picture."""
