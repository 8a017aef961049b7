"""Commands: what one may become of another, their history, and what a batch is told when one ends."""
