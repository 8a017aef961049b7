"""How long to look: FUZZ_EXAMPLES cases for a property of middling cost. The default keeps all of it below a minute."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "80"))


def look(share: float = 1.0) -> settings:
    """Hypothesis settings for a property that is cheaper (a share above 1) or dearer than most."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=max(int(EXAMPLES * share), 2), deadline=None, suppress_health_check=checks)
