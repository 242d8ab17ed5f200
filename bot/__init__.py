"""How people talk to Security Assist: platforms, conversation, cards, pictures, commands."""
