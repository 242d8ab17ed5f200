"""Dead letters: records that could not be taken in, kept with the reason until somebody decides."""
