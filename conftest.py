"""How the tests of all packages are shared out to workers (`deploy/local/test`)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

# Their files start one whole stack, and use it together. Of four that start beside each other none gets ready in time.
_TOGETHER = ("tests/conformance",)


# The environment of the training frameworks has no pytest-xdist.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """See pytest-xdist. Whole files, and some whole folders."""
    from xdist.scheduler import LoadFileScheduling

    class ByPlace(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = PurePosixPath(super()._split_scope(nodeid))
            return next((folder for folder in _TOGETHER if path.is_relative_to(folder)), str(path))

    return ByPlace(config, log)
