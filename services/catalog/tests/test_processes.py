from argus_catalog import worker
from argus_catalog.app import SERVICE
from argus_kit.app import worker_app
from argus_kit.testing import eventually, running_client


async def test_the_worker_is_a_process_that_becomes_ready(platform):
    async with running_client(worker_app(SERVICE, platform)) as client:

        async def ready():
            return (await client.get("/readyz")).status_code == 200

        await eventually(ready)
        assert (await client.get("/api/batches")).status_code == 404


def test_the_worker_is_built_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ARGUS_HOME", str(tmp_path))
    assert worker.create_app().title == "Argus catalog-worker"


def test_operation_ids_are_one_for_each_route():
    routes = [route for router in SERVICE.routers() for route in router.routes]
    names = [route.name for route in routes]
    assert sorted(set(names)) == sorted(names)
