"""Studies: jobs that are trials of one search, as Optuna's callback labels them."""
