"""The bot's doors on Lambda: one small module each, as what a door imports is its cold start."""
