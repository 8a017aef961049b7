"""Single GPUs: who holds which now, who held which when, how busy all of them are."""
