from argus_kit.app import http_app
from argus_kit.platform import Platform
from argus_kit.testing import make_settings
from argus_realtime.app import SERVICE


async def test_the_document_names_every_stream(tmp_path):
    settings = make_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'none.db'}", "nats://127.0.0.1:1")
    paths = http_app(SERVICE, Platform(settings)).openapi()["paths"]
    assert set(paths) == {
        "/api/sse",
        "/api/events/stream",
        "/api/batches/{batch_id}/logs/stream",
        "/api/jobs/{batch_id}/{job_id}/logs/stream",
    }
    for path in paths.values():
        assert list(path["get"]["responses"]["200"]["content"]) == ["text/event-stream"]
