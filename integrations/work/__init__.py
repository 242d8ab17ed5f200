"""Work waiting to be done: the queue between a platform's door and the conversation."""
