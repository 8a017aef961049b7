"""Matrices and leaderboards as tables. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from argus_catalog.derivations.metrics import Direction, direction, metric_order, number
from argus_catalog.exports.response import Exported
from argus_catalog.exports.table import Column, Kind, Measure, Sheet, Shown, Table
from argus_catalog.matrix.schemas import JobMatrix, MatrixCell
from argus_catalog.projects.schemas import LeaderboardRow
from argus_catalog.seeds import Spread

_NO_NAME: Final = "(no name)"
_OF_CELL: Final = (
    Column("n", "integer"),
    Column("mean", "number"),
    Column("std", "number"),
    Column("min", "number"),
    Column("max", "number"),
)
_PARTS: Final[tuple[tuple[str, Kind], ...]] = (("", "number"), ("_std", "number"), ("_n", "integer"))
_SAYS: Final = {"min": "lower is better", "max": "higher is better"}


# -- matrices --------------------------------------------------------------------------------------------------------


def matrix_export(name: str, board: JobMatrix) -> Exported:
    """A matrix: one cell a row to compute with, models by datasets for people."""
    return Exported(f"{name}_matrix", lambda: matrix_table(board), lambda: matrix_sheet(name, board))


def matrix_table(board: JobMatrix) -> Table:
    """Each cell as a row."""
    others = [Column(f"{other}{part}", kind) for other in board.others for part, kind in _PARTS]
    columns = [
        *(Column(head, "text") for head in ("model", "dataset", "metric", "direction")),
        *_OF_CELL,
        *(Column(head, "truth") for head in ("best", "worst")),
        *(Column(head, "integer") for head in ("n_members", "n_jobs", "n_groups")),
        *others,
        *(Column(head, "text") for head in ("batch_id", "job_id", "jobs")),
    ]
    return Table(columns, [_cell_row(board, *place) for place in _places(board)])


def _places(board: JobMatrix) -> list[tuple[str, str, MatrixCell]]:
    lines = zip(board.rows, board.cells, strict=True)
    return [
        (model, dataset, cell) for model, line in lines for dataset, cell in zip(board.cols, line, strict=True) if cell
    ]


def _cell_row(board: JobMatrix, model: str, dataset: str, cell: MatrixCell) -> list[Any]:
    others = [value for other in board.others for value in _three(cell.others.get(other))]
    first = cell.jobs[0] if cell.jobs else None
    members = cell.jobs[: cell.n_members]
    return [
        *(model, dataset, board.metric, board.direction),
        *(cell.n, cell.mean, cell.std, cell.min, cell.max, cell.best, cell.worst),
        *(cell.n_members, cell.n_jobs, cell.n_groups, *others),
        *(
            first and first.batch_id,
            first and first.job_id,
            " ".join(f"{job.batch_id}/{job.job_id}" for job in members),
        ),
    ]


def _three(spread: Spread | None) -> tuple[Any, Any, Any]:
    return (None, None, None) if spread is None else (spread.mean, spread.std, spread.n)


def matrix_sheet(name: str, board: JobMatrix) -> Sheet:
    """Models by datasets; under each dataset the metrics, of each column the best in bold."""
    metrics = [board.metric, *board.others]
    columns = [_column(board, place, metric) for place in range(len(board.cols)) for metric in metrics]
    rows: list[list[Shown]] = [
        [model or _NO_NAME, *(column[line] for column in columns)] for line, model in enumerate(board.rows)
    ]
    datasets = [dataset or _NO_NAME for dataset in board.cols]
    is_single = len(metrics) == 1
    return Sheet(
        caption=f"{name}: {board.metric} ({_SAYS[board.direction]})",
        heads=["Model", *(datasets if is_single else metrics * len(datasets))],
        rows=rows,
        spans=[] if is_single else [(dataset, len(metrics)) for dataset in datasets],
        notes=_notes(any(cell.n > 1 for _, _, cell in _places(board))),
    )


def _column(board: JobMatrix, place: int, metric: str) -> list[Measure | None]:
    cells = [line[place] for line in board.cells]
    toward: Direction = board.direction if metric == board.metric else direction(metric)
    spreads = [None if cell is None else _spread(cell, metric, board.metric) for cell in cells]
    able = [s.mean if s and c and c.is_eligible else None for s, c in zip(spreads, cells, strict=True)]
    return [None if s is None else Measure(s[0], s[1], b) for s, b in zip(spreads, bests(able, toward), strict=True)]


def _spread(cell: MatrixCell, metric: str, primary: str) -> Measure | None:
    if metric == primary:
        return Measure(cell.mean, cell.std)
    other = cell.others.get(metric)
    return None if other is None else Measure(other.mean, other.std)


def bests(means: Sequence[float | None], toward: Direction) -> list[bool]:
    """Which of these are the best, all that share it; none where there is nothing to be better than."""
    there = [mean for mean in means if mean is not None]
    if len(there) < 2 or min(there) == max(there):
        return [False] * len(means)
    best = max(there) if toward == "max" else min(there)
    return [mean == best for mean in means]


def _notes(has_groups: bool) -> list[str]:
    return ["Mean ± standard deviation over seeds. The best of each column is bold."] if has_groups else []


# -- leaderboards ----------------------------------------------------------------------------------------------------


def leaderboard_export(
    name: str, rows: Sequence[LeaderboardRow], metrics: Sequence[str], toward: Direction
) -> Exported:
    """A leaderboard, the best first: all metrics to compute with, those that were asked for to people."""
    sign = -1.0 if toward == "max" else 1.0
    ranked = sorted(rows, key=lambda row: (row_spread(row, metrics[0]).mean is None, sign * _mean(row, metrics[0])))

    def sheet() -> Sheet:
        return leaderboard_sheet(name, ranked, metrics, toward)

    return Exported(f"{name}_leaderboard", lambda: leaderboard_table(ranked, metrics[0]), sheet)


def row_spread(row: LeaderboardRow, metric: str) -> Spread:
    """What a row has in a metric: the spread of its seed group, or its own value."""
    told = (row.spreads or {}).get(metric)
    if told is not None:
        return told
    value = number((row.metrics or {}).get(metric))
    return Spread(n=int(value is not None), mean=value, std=None, min=value, max=value)


def _mean(row: LeaderboardRow, metric: str) -> float:
    return row_spread(row, metric).mean or 0.0


def leaderboard_table(rows: Sequence[LeaderboardRow], metric: str) -> Table:
    """One row a model and dataset, with the spread of the metric that decides and the values of all others."""
    names = {name for row in rows for name, value in (row.metrics or {}).items() if number(value) is not None}
    shown = sorted(names, key=metric_order)
    columns = [
        *(Column(head, "text") for head in ("model", "dataset", "metric")),
        *_OF_CELL,
        *(Column(name, "number") for name in shown),
        *(Column(head, "text") for head in ("status", "batch_id", "job_id")),
        *(Column(head, "integer") for head in ("train_epochs", "elapsed_s")),
    ]
    return Table(columns, [_board_row(row, metric, shown) for row in rows])


def _board_row(row: LeaderboardRow, metric: str, shown: Sequence[str]) -> list[Any]:
    own = row_spread(row, metric)
    means = [row_spread(row, name).mean for name in shown]
    return [
        *(row.model, row.dataset, metric, own.n, own.mean, own.std, own.min, own.max, *means),
        *(row.status, row.batch_id, row.job_id, row.train_epochs, row.elapsed_s),
    ]


def leaderboard_sheet(name: str, rows: Sequence[LeaderboardRow], metrics: Sequence[str], toward: Direction) -> Sheet:
    """Ranked rows; the best of each metric in bold."""
    columns = [_board_column(rows, metric, toward if place == 0 else None) for place, metric in enumerate(metrics)]
    has_groups = any((row.n or 1) > 1 for row in rows)
    counts: list[list[Shown]] = [[row_spread(row, metrics[0]).n] if has_groups else [] for row in rows]
    return Sheet(
        caption=f"{name}: {metrics[0]} ({_SAYS[toward]})",
        heads=["Model", "Dataset", *metrics, *(["n"] if has_groups else [])],
        rows=[
            [row.model or _NO_NAME, row.dataset or _NO_NAME, *(column[line] for column in columns), *counts[line]]
            for line, row in enumerate(rows)
        ],
        n_names=2,
        notes=_notes(has_groups),
    )


def _board_column(rows: Sequence[LeaderboardRow], metric: str, toward: Direction | None) -> list[Measure]:
    spreads = [row_spread(row, metric) for row in rows]
    able = [s.mean if row.status == "done" else None for s, row in zip(spreads, rows, strict=True)]
    marks = bests(able, toward or direction(metric))
    return [Measure(s.mean, s.std, b) for s, b in zip(spreads, marks, strict=True)]
