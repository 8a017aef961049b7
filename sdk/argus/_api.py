"""Reads from the server: `argus.Api().jobs("metrics.val_acc > 0.9").to_pandas()`. docs/query.md tells the language.

Nothing here is loaded by `import argus`, nor before the first question is asked.
"""

from __future__ import annotations

import json

from argus._settings import resolve_url, token_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from argus._transport import HttpTransport, Reply

_TIMEOUT_S = 60.0
_PAGE = 500
_PLAIN = ("batch", "id", "project", "status", "model", "dataset", "host", "owner", "started", "ended", "elapsed")
_NUMBERS = ("n", "mean", "std", "min", "max")


class ApiError(Exception):
    """The server cannot be asked, or refused the question.

    Attributes:
        status: of the answer; None where none came.
        code: the server's stable name for the error, such as `query.invalid`; None where it told none.
        details: facts about it; of a query that is not understood its `position` and a `hint`.
    """

    def __init__(
        self, words: str, status: int | None = None, code: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(words)
        self.status = status
        self.code = code
        self.details = details or {}


class Api:
    """One server and one token, for reading.

    Args:
        url: the server's address; default: the one of the settings (`argus login`, `ARGUS_URL`).
        token: an API token; default: the one of the settings.
        timeout_s: how long an answer is waited for.

    Raises:
        ApiError: no server is set, or `url` is no address.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout_s: float = _TIMEOUT_S) -> None:
        found = resolve_url(url)
        if not found:
            raise ApiError("No server is set: run `argus login URL`, set ARGUS_URL, or give Api(url).")
        self.url = found
        self._timeout_s = timeout_s
        self._token = token_source(token, found)
        self._new_transport().close()

    def jobs(
        self,
        query: str = "",
        *,
        sort: str | Sequence[str] = (),
        columns: str | Sequence[str] = (),
        group_by: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> Jobs:
        """The jobs that fulfil a condition. Nothing is asked before they are read.

        Args:
            query: the condition, such as `config.lr < 1e-3 and metrics.val_acc > 0.9`; empty: all jobs.
            sort: fields, the first one first; `-` before one descends.
            columns: further fields of each job; with `group_by` the numbers that are summed up.
            group_by: fields, or `seed`: groups are read instead of jobs.
            limit: how many at most; None: all.
        """
        asked = {"query": query, "sort": _listed(sort), "columns": _listed(columns), "group_by": _listed(group_by)}
        return Jobs(self, asked, limit)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON answer to a JSON body.

        Raises:
            ApiError: no answer came, or none that is good.
        """
        from argus._transport import Unreachable

        # A connection of its own for each question: threads and forks may share an `Api`.
        transport = self._new_transport()
        try:
            reply = transport.post_json(path, json.dumps(body).encode())
        except Unreachable as error:
            raise ApiError(f"{self.url} cannot be reached: {error}") from error
        finally:
            transport.close()
        if not reply.ok:
            raise _refusal(self.url, reply)
        answer = _object(reply)
        if answer is None:
            raise ApiError(f"{self.url} answers, but not as an Argus server does.", reply.status)
        return answer

    def _new_transport(self) -> HttpTransport:
        from argus._transport import HttpTransport

        try:
            return HttpTransport(self.url, self._token, self._timeout_s)
        except ValueError as error:
            raise ApiError(f"{error}.") from error


class Jobs:
    """Jobs, or groups of them: iterate for dictionaries as the server tells them, page by page.

    Iterating again asks again.
    """

    def __init__(self, api: Api, asked: dict[str, Any], limit: int | None) -> None:
        self._api = api
        self._asked = asked
        self._limit = limit

    def __iter__(self) -> Iterator[dict[str, Any]]:
        left, cursor = self._limit, None
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            page = self._api.post("/api/query", {**self._asked, "limit": size, "cursor": cursor})
            found = page["groups" if self._asked["group_by"] else "jobs"]
            yield from found
            cursor = page["cursor"]
            left = None if left is None else left - len(found)
            if cursor is None:
                return

    def count(self) -> int:
        """How many there are, whatever the limit."""
        return int(self._api.post("/api/query", {**self._asked, "limit": 1})["total"])

    def rows(self) -> list[dict[str, Any]]:
        """Flat dictionaries: `metrics.loss` and `config.lr` are keys; of a group `metrics.loss.mean` and so on."""
        flat = _flat_group if self._asked["group_by"] else _flat_job
        return [flat(one) for one in self]

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` of `rows()`; `started` and `ended` are times in UTC.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_pandas() needs pandas: pip install pandas. rows() does without it.") from error
        frame = pd.DataFrame(self.rows())
        for name in ("started", "ended"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame


def _flat_job(job: dict[str, Any]) -> dict[str, Any]:
    row = {name: job[name] for name in _PLAIN}
    row.update({f"metrics.{name}": value for name, value in (job["metrics"] or {}).items()})
    # The server's answer to what was asked for wins: `started` as a column is the same value.
    row.update(job["values"])
    return row


def _flat_group(group: dict[str, Any]) -> dict[str, Any]:
    row = {**group["key"], "n": group["n"]}
    for name, numbers in group["columns"].items():
        row.update({f"{name}.{what}": numbers[what] for what in _NUMBERS})
    return row


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) and names else list(names)


def _refusal(url: str, reply: Reply) -> ApiError:
    answer = _object(reply) or {}
    error = answer.get("error")
    told = error if isinstance(error, dict) else {}
    words = told.get("message") or f"{url} answers HTTP {reply.status}."
    if reply.status == 401:
        words = f"{url}: {words} `argus login` gives you a token."
    return ApiError(str(words), reply.status, told.get("code"), told.get("details"))


def _object(reply: Reply) -> dict[str, Any] | None:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
