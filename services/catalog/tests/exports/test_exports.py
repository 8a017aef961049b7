"""Exports through the API, on both databases; the contract's own CSV files stand beside them, unchanged."""

import json

import numpy as np
import pytest
import sqlalchemy as sa

from argus_kit.clock import now
from argus_schema import ingest

FORMS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "application/jsonl; charset=utf-8"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "latex": ("tex", "application/x-tex; charset=utf-8"),
    "markdown": ("md", "text/markdown; charset=utf-8"),
}
PLACES = ("projects/vision/matrix", "projects/vision/leaderboard", "batches/v1/matrix")
SEEDS = (0.8, 0.9)


@pytest.fixture
async def lab(world):
    """Two seeds of one model, a rival, and names that are formulas and commands."""
    at = now()
    await world.batch("v1", project="vision", status="done", end_time=at)
    done = {"status": "done", "end_time": at, "elapsed_s": 60}
    for seed, accuracy in enumerate(SEEDS):
        metrics = {"acc": accuracy, "MSE": 1 - accuracy, "epochs": 5}
        extra = {"config": {"seed": seed, "lr": 0.1}}
        await world.job("v1", f"s{seed}", model="=cnn_1", dataset="mnist", metrics=metrics, extra=extra, **done)
    await world.job("v1", "vit", model="vit", dataset="mnist", metrics={"acc": 0.6, "MSE": 0.5}, **done)
    await world.job("v1", "svhn", model="vit", dataset="svhn", metrics={"acc": 0.5}, **done)
    return world


async def export(lab, place, form, **more):
    answer = await lab.get(f"/api/{place}/export", **{"format": form, "metric": "acc", "seeds": "1"} | more)
    assert answer.status_code == 200, answer.text
    return answer


async def query(lab, form, **asked):
    answer = await lab.client.post("/api/query/export", json={"format": form, **asked}, headers=lab.headers["ada"])
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("place", PLACES)
async def test_every_form_is_a_download(lab, place):
    for form, (ending, media) in FORMS.items():
        answer = await export(lab, place, form)
        assert answer.headers["Content-Type"] == media
        name = f"{place.split('/')[1]}_{place.split('/')[2]}.{ending}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.content


class TestMatrix:
    async def test_rows_to_compute_with(self, lab):
        lines = [json.loads(line) for line in (await export(lab, PLACES[0], "jsonl", also="MSE")).text.splitlines()]
        assert [(line["model"], line["dataset"]) for line in lines] == [
            ("=cnn_1", "mnist"),
            ("vit", "mnist"),
            ("vit", "svhn"),
        ]
        first = lines[0]
        assert (first["n"], first["best"], first["worst"], first["jobs"]) == (2, True, False, "v1/s0 v1/s1")
        assert first["mean"] == pytest.approx(np.mean(SEEDS))
        assert first["std"] == pytest.approx(np.std(SEEDS, ddof=1))
        assert (first["MSE"], first["MSE_n"]) == (pytest.approx(0.15), 2)
        assert lines[2]["worst"] is True

    async def test_parquet_holds_the_same(self, lab, read_parquet):
        columns, rows = read_parquet((await export(lab, PLACES[0], "parquet")).content)
        lines = [json.loads(line) for line in (await export(lab, PLACES[0], "jsonl")).text.splitlines()]
        names = [name for name, _ in columns]
        assert [dict(zip(names, row, strict=True)) for row in rows] == lines

    async def test_csv_guards_formulas(self, lab):
        text = (await export(lab, PLACES[0], "csv")).text
        assert text.splitlines()[1].startswith("'=cnn_1,mnist,acc,max,2,0.85")

    async def test_latex_for_a_paper(self, lab):
        lines = (await export(lab, PLACES[0], "latex")).text.splitlines()
        assert r"Model & mnist & svhn \\" in lines
        assert r"=cnn\_1 & $\mathbf{0.850 \pm 0.071}$ & -- \\" in lines
        assert r"vit & $0.600$ & $0.500$ \\" in lines

    async def test_several_metrics_stand_under_their_dataset(self, lab):
        lines = (await export(lab, PLACES[0], "latex", also="MSE")).text.splitlines()
        assert r" & \multicolumn{2}{c}{mnist} & \multicolumn{2}{c}{svhn} \\" in lines
        # The error is better when lower, whatever decides.
        expected = r"=cnn\_1 & $\mathbf{0.850 \pm 0.071}$ & $\mathbf{0.150 \pm 0.071}$ & -- & -- \\"
        assert expected in lines

    async def test_the_direction_turns_the_best(self, lab):
        text = (await export(lab, PLACES[0], "markdown", direction="min")).text
        assert "| vit | **0.600** | 0.500 |" in text
        assert "lower is better" in text


class TestLeaderboard:
    async def test_the_best_is_first_and_bold(self, lab):
        lines = (await export(lab, PLACES[1], "markdown", also="MSE")).text.splitlines()
        assert lines[2:6] == [
            "| Model | Dataset | acc | MSE | n |",
            "| --- | --- | ---: | ---: | ---: |",
            r"| =cnn\_1 | mnist | **0.850 ± 0.071** | **0.150 ± 0.071** | 2 |",
            "| vit | mnist | 0.600 | 0.500 | 1 |",
        ]

    async def test_all_metrics_to_compute_with(self, lab):
        lines = [json.loads(line) for line in (await export(lab, PLACES[1], "jsonl")).text.splitlines()]
        assert [line["mean"] for line in lines] == [pytest.approx(0.85), 0.6, 0.5]
        assert (lines[0]["MSE"], lines[0]["job_id"], lines[0]["epochs"]) == (pytest.approx(0.15), "s1", 5)
        assert lines[2]["MSE"] is None


class TestQuery:
    async def test_jobs_with_their_metrics(self, lab):
        answer = await query(lab, "jsonl", query="model = 'vit'", sort=["id"])
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [(line["id"], line["metrics.acc"], line["metrics.MSE"]) for line in lines] == [
            ("svhn", 0.5, None),
            ("vit", 0.6, 0.5),
        ]

    async def test_columns_of_one_s_own(self, lab):
        answer = await query(lab, "csv", sort=["id"], columns=["config.lr", "config.seed"])
        assert answer.text.splitlines()[0].endswith(",elapsed,config.lr,config.seed")
        assert answer.text.splitlines()[1].endswith(",60.0,0.1,0")

    async def test_all_pages_are_in_the_file(self, lab, monkeypatch):
        monkeypatch.setattr("argus_catalog.exports.queries._AT_ONCE", 1)
        for asked in ({"sort": ["id"]}, {"group_by": ["model"], "columns": ["metrics.acc"]}):
            whole = await query(lab, "csv", **asked)
            assert len(whole.text.splitlines()) == (5 if "sort" in asked else 3)

    @pytest.mark.parametrize("more", [{}, {"sort": ["-metrics.acc"]}, {"group_by": ["id"], "columns": ["metrics.acc"]}])
    async def test_all_rows_are_sought_once(self, world, statements, more):
        await world.batch("wide", status="done")
        rows = [
            {"batch_key": world.keys["wide"], "job_no": n, "job_id": f"j{n}", "status": "done", "metrics": {"acc": n}}
            for n in range(1_500)
        ]
        async with world.database.write() as connection:
            await connection.execute(sa.insert(ingest.job), rows)
        statements.clear()
        text = (await query(world, "csv", **more)).text
        assert len(text.splitlines()) == 1_501
        assert len([one for one in statements if "FROM job JOIN batch" in one.replace("\n", "")]) <= 3

    async def test_groups_for_people(self, lab):
        text = (await query(lab, "latex", group_by=["model"], columns=["metrics.acc"], sort=["-metrics.acc"])).text
        assert r"=cnn\_1 & $\mathbf{0.850 \pm 0.071}$ & 2 \\" in text.splitlines()

    async def test_more_than_a_file_holds_is_refused(self, lab, monkeypatch):
        monkeypatch.setattr("argus_catalog.exports.queries.MOST_ROWS", 3)
        answer = await lab.client.post("/api/query/export", json={"query": ""}, headers=lab.headers["ada"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "request.invalid")

    async def test_batches(self, lab):
        answer = await query(lab, "jsonl", **{"from": "batches"})
        assert [json.loads(line)["id"] for line in answer.text.splitlines()] == ["v1"]

    async def test_a_query_that_cannot_be_understood(self, lab):
        answer = await lab.client.post("/api/query/export", json={"query": "acc >"}, headers=lab.headers["ada"])
        assert answer.json()["error"]["code"] == "query.invalid"


class TestContract:
    """Section 9 of the wire contract, row by row."""

    async def test_files_are_as_they_were(self, lab):
        batch = (await lab.get("/api/batches/v1/export.csv")).text
        assert batch.split("\r\n") == [
            "batch_id,job_id,model,dataset,status,epochs,elapsed_s,MSE,MAE,RMSE,R2,PCC,MAPE",
            "v1,s0,'=cnn_1,mnist,done,5,60,0.2,,,,,",
            "v1,s1,'=cnn_1,mnist,done,5,60,0.1,,,,,",
            "v1,vit,vit,mnist,done,,60,0.5,,,,,",
            "v1,svhn,vit,svhn,done,,60,,,,,,",
            "",
        ]
        board = await lab.get("/api/projects/vision/export.csv")
        assert board.headers["Content-Disposition"] == 'attachment; filename="vision_leaderboard.csv"'
        assert board.text.split("\r\n") == [
            "batch_id,model,dataset,status,epochs,elapsed_s,MSE,MAE,RMSE,R2,PCC,MAPE",
            "v1,'=cnn_1,mnist,done,5,60,0.1,,,,,",
            "v1,vit,mnist,done,,60,0.5,,,,,",
            "v1,vit,svhn,done,,60,,,,,,",
            "",
        ]
        raw = (await lab.get("/api/projects/vision/export-raw.csv")).text.split("\r\n")
        assert raw[:4] == [
            "batch_id,job_id,model,dataset,status,elapsed_s,metric,value",
            "v1,s0,'=cnn_1,mnist,done,60,MSE,0.2",
            "v1,s0,'=cnn_1,mnist,done,60,acc,0.8",
            "v1,s0,'=cnn_1,mnist,done,60,epochs,5",
        ]
        assert len(raw) == 3 + 3 + 2 + 1 + 2
