"""Adapters that report a framework's training without code of their own in it.

Each is a module of its own that imports its framework when it is imported itself; `import argus` imports none:

    from argus.integrations.lightning import ArgusCallback  # Trainer(callbacks=[ArgusCallback(project="vision")])
    from argus.integrations.keras import ArgusCallback  # model.fit(..., callbacks=[...])
    from argus.integrations.transformers import ArgusCallback  # Trainer(..., callbacks=[...])
    from argus.integrations.optuna import ArgusCallback  # ArgusCallback(...).optimize(study, objective, n_trials=20)

and for Hydra, in the configuration: `hydra.callbacks.argus._target_: argus.integrations.hydra.ArgusCallback`.
"""

from __future__ import annotations

__all__: list[str] = []
