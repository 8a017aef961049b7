"""Seed groups: jobs that differ by their seed alone, and what their numbers are together."""

from argus_catalog.seeds.keys import SEED, is_seed, seed_key, seed_of, without_seeds
from argus_catalog.seeds.spread import Spread, spread

__all__ = ["SEED", "Spread", "is_seed", "seed_key", "seed_of", "spread", "without_seeds"]
