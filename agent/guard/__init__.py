"""What limits the model."""
