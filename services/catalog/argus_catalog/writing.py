"""The catalog's write transaction as a parameter of a route."""

from __future__ import annotations

from typing import Annotated

from argus_kit.outbox import Transaction
from argus_kit.platform import writing

Writing = Annotated[Transaction, writing("catalog")]
