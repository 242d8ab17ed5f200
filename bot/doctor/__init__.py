"""`assist doctor`: what is looked at, and what mends it."""
