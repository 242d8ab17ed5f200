"""The deterministic planner: answers the common questions without a language model."""
