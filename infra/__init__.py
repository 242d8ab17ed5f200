"""Where Security Assist runs."""
