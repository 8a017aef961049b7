"""Fuzzing in a minute by default; FUZZ_EXAMPLES looks longer (see `hunt.effort`)."""
