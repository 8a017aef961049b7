"""How much of a forest's variance follows from each parameter alone: functional ANOVA. Pure.

After Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance" (ICML 2014): the
leaves of a tree are boxes, so the mean over all other parameters is a sum over boxes, exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from argus_catalog.studies.importance.design import Design, Floats
from argus_catalog.studies.importance.forest import Forest, Leaves, grow


class Shares(NamedTuple):
    """Of each parameter the share of the variance that is its own, over all trees, and how much trees differ in it.

    `explained` is what the forest explains of trials that it did not see (R squared, not below zero).
    """

    means: Floats
    deviations: Floats
    explained: float


def shares(table: Design, seed: int = 0) -> Shares:
    """The shares of the parameters of a table; all zero where every trial reached the same."""
    centre = table.values.mean()
    scale = table.values.std() or 1.0
    # Values far from zero would lose what they differ by in their squares.
    even = table._replace(values=(table.values - centre) / scale)
    forest = grow(even, seed)
    found = [one for one in (_of_tree(even, leaves) for leaves in forest.trees) if one is not None]
    n = len(table.parameters)
    each = np.array(found) if found else np.zeros((1, n))
    return Shares(each.mean(0), each.std(0), _explained(even.values, forest))


def _of_tree(table: Design, leaves: Leaves) -> Floats | None:
    boxes, values = leaves
    weights = np.zeros(boxes.shape[1:])
    for place, one in enumerate(table.parameters):
        weights[place, : len(one.weights)] = one.weights
    widths = (boxes * weights).sum(2)
    volumes = widths.prod(1)
    centre = (volumes * values).sum()
    variance = (volumes * (values - centre) ** 2).sum()
    if variance <= 1e-18:
        return None
    others = (volumes * values)[:, None] / widths
    marginals = np.einsum("lp,lpk->pk", others, boxes)
    own: Floats = (weights * (marginals - centre) ** 2).sum(1) / variance
    return own


def _explained(values: Floats, forest: Forest) -> float:
    known = np.isfinite(forest.unseen)
    if not known.any():
        return 0.0
    left = ((values[known] - forest.unseen[known]) ** 2).sum()
    whole = ((values[known] - values[known].mean()) ** 2).sum()
    return float(np.clip(1 - left / whole, 0, 1)) if whole > 0 else 0.0
