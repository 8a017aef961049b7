"""Chaos by seeds: a plan drawn from a number, a system to disturb, clients that keep count, and a verdict."""
