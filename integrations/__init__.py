"""What Security Assist reaches, and the words for it: one folder per subject."""
