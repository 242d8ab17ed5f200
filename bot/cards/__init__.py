"""What an answer found, as cards: one neutral model that every platform renders."""

from bot.cards.answer import reply_for

__all__ = ["reply_for"]
