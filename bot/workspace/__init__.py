"""A simulated Slack workspace on loopback, so that the bot runs whole on one laptop."""
