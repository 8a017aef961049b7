"""Many things at once are told as one: counted while they come, and written again with their number."""
