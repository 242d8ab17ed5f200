"""The standing instructions of the agent."""
