"""The doors of the pipelines on Lambda: one small module each, since its imports are its start."""
