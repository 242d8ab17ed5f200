"""What was said in a thread, so that a follow-up can be understood."""
