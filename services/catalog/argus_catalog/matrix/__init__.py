"""Matrices and leaderboards with all that pages show of them: seed groups, best and worst, trend, neighbours."""
