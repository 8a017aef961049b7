from argus_ingest.testing import event
from argus_schema import ingest as tables


async def test_all(ingest):
    ids = await ingest.accept(
        event("batch_start", n_total_jobs=2),
        event("job_start", job="a", model="m", dataset="d"),
        event("job_epoch", job="a", epoch=0, train_loss=1.0, val_loss=2.0),
        event("job_epoch", job="a", epoch=1, train_loss=float("0.5"), val_loss=1.0),
        event("log_line", job="a", line="hello"),
        event("resource_snapshot", gpu_util_pct=5),
        event("env_snapshot", git_sha="abc"),
        event("job_done", job="a", metrics={"MSE": 0.5}, elapsed_s=3.7),
        event("batch_done"),
    )
    assert ids == list(range(1, 10))
    print(await ingest.batch())
    print(await ingest.job("a"))
    for t in (
        tables.event,
        tables.metric_block,
        tables.log_line,
        tables.resource_snapshot,
        tables.host,
        tables.host_batch,
    ):
        print(await ingest.rows(t))
