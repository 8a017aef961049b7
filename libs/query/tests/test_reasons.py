"""Why a query is refused: said once on the server, and translated by the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from argus_query.errors import QueryError, Reason

_MESSAGES = Path(__file__).parents[3] / "frontend/src/shared/i18n"


def _named(text: str | None) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text or ""))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_know_every_reason_and_all_that_it_names(language: str) -> None:
    said = (_MESSAGES / language / "faults.ts").read_text()
    for reason in Reason:
        (line,) = re.findall(rf"^    {reason.key}: (.*),$", said, re.MULTILINE)
        assert _named(line) == _named(reason.what) | _named(reason.hint), reason
        assert ("hint:" in line) == (reason.hint is not None), reason


def test_an_answer_tells_the_reason_and_what_it_is_about() -> None:
    refused = QueryError(Reason.FIELD_MISSPELLED, 4, "sort", field="modle", source="jobs", near="model")
    assert refused.message == "There is no field modle of jobs (at character 5 of sort). Is it model?"
    assert refused.details == {
        "reason": "fieldMisspelled",
        "facts": {"field": "modle", "source": "jobs", "near": "model"},
        "position": 4,
        "hint": "Is it model?",
        "part": "sort",
    }
