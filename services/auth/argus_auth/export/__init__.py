"""An archive of all that is kept of a person, and of the runs that are theirs."""
