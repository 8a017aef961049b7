"""The daily mail: what ran, what failed and why, what it cost, what was best."""
