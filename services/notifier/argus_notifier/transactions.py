"""The write transaction of a request, with notifier's outbox."""

from __future__ import annotations

from typing import Annotated

from argus_kit.outbox import Transaction
from argus_kit.platform import writing

Writing = Annotated[Transaction, writing("notifier")]
