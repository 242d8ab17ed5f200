"""The commands of `assist`, one module per subject."""
