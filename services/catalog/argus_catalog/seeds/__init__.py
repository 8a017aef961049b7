"""Seed groups: jobs that differ by their seed alone, and what their numbers are together."""

from argus_catalog.seeds.keys import SEED, seed_key, seed_of
from argus_catalog.seeds.spread import Spread, spread
from argus_schema.seeds import is_seed, without_seeds

__all__ = ["SEED", "Spread", "is_seed", "seed_key", "seed_of", "spread", "without_seeds"]
