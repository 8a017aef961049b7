"""Which parameters of a study matter: how much of what trials reached follows from each of them alone."""
