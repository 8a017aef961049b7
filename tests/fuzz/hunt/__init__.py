"""What fuzzing shares: the promises of the decoder as functions of bytes, and where to begin to look."""
