"""Each path of the wire contract reaches the service that owns it: in the route file, and through the real Traefik."""

from __future__ import annotations

import httpx
import pytest
from routing import document, routers, service_for

CONTRACT = [
    ("POST", "/api/events", "ingest"),
    ("POST", "/api/events/batch", "ingest"),
    ("GET", "/api/events", "catalog"),
    ("GET", "/api/events/stream", "realtime"),
    ("GET", "/api/sse?channels=visible", "realtime"),
    ("GET", "/api/batches/b-1/logs/stream", "realtime"),
    ("GET", "/api/jobs/b-1/j-1/logs/stream", "realtime"),
    ("GET", "/api/jobs/b-1/model%2Fdata:7.x/logs/stream", "realtime"),
    ("POST", "/api/jobs/j-1/artifacts", "ingest"),
    ("POST", "/api/jobs/resnet/cifar/artifacts", "ingest"),
    ("POST", "/api/batches/b-1/artifacts", "ingest"),
    ("GET", "/api/artifacts/17", "ingest"),
    ("POST", "/api/admin/retention/sweep", "ingest"),
    ("POST", "/api/auth/login", "auth"),
    ("GET", "/api/auth/.well-known/jwks.json", "auth"),
    ("GET", "/api/oauth/github/callback?code=a&state=b", "auth"),
    ("GET", "/api/tokens", "auth"),
    ("DELETE", "/api/tokens/3", "auth"),
    ("PATCH", "/api/users/me/preferences", "auth"),
    ("GET", "/api/admin/users?limit=10", "auth"),
    ("POST", "/api/admin/users/3/ban", "auth"),
    ("POST", "/api/admin/jwt/rotate", "auth"),
    ("POST", "/api/admin/security/jwt/rotate", "auth"),
    ("GET", "/api/admin/audit-log", "auth"),
    ("PUT", "/api/admin/system-config/smtp/host", "auth"),
    ("PUT", "/api/admin/feature-flags/registration_open", "auth"),
    ("POST", "/api/agents/register", "executor"),
    ("GET", "/api/agents/agent-0123456789ab/jobs", "executor"),
    ("POST", "/api/batches/b-1/stop", "executor"),
    ("POST", "/api/batches/b-1/rerun", "executor"),
    ("POST", "/api/batches/exp:7.x/pause", "executor"),
    ("POST", "/api/batches/a%2Fb/resume", "executor"),
    ("GET", "/api/batches/b-1/stop-requested", "executor"),
    ("GET", "/api/batches/b-1/rerun-info", "executor"),
    ("GET", "/api/notifications?limit=5", "notifier"),
    ("POST", "/api/notifications/3/ack", "notifier"),
    ("GET", "/api/me/subscriptions", "notifier"),
    ("GET", "/api/me/inbox-choices", "notifier"),
    ("PUT", "/api/me/notification_prefs", "notifier"),
    ("GET", "/api/projects/vision/recipients", "notifier"),
    ("DELETE", "/api/projects/vision/recipients/4", "notifier"),
    ("PUT", "/api/batches/b-1/email-subscription", "notifier"),
    ("GET", "/api/unsubscribe?token=12345678", "notifier"),
    ("GET", "/api/unsubscribe/recipient/abc", "notifier"),
    ("PUT", "/api/admin/email/smtp", "auth"),
    ("GET", "/api/batches", "catalog"),
    ("GET", "/api/batches/compact", "catalog"),
    ("GET", "/api/batches/b-1", "catalog"),
    ("GET", "/api/batches/stop", "catalog"),
    ("GET", "/api/batches/b-1/jobs", "catalog"),
    ("GET", "/api/batches/a%2Fb/log-lines", "catalog"),
    ("GET", "/api/jobs/b-1/j-1/epochs", "catalog"),
    ("GET", "/api/dashboard", "catalog"),
    ("GET", "/api/projects/vision/leaderboard?metric=MSE", "catalog"),
    ("GET", "/api/hosts/gpu-1.lab/timeseries", "catalog"),
    ("GET", "/api/resources/hosts", "catalog"),
    ("GET", "/api/public/slug/jobs", "catalog"),
    ("POST", "/api/admin/projects/vision/publish", "catalog"),
    ("GET", "/api/admin/backup-status", "catalog"),
    ("POST", "/api/stars", "catalog"),
    ("GET", "/api/tokensandmore", "catalog"),
    ("GET", "/", "web"),
    ("GET", "/readyz", "web"),
    ("GET", "/livez", "web"),
    ("GET", "/health", "web"),
    ("GET", "/batches/b-1", "web"),
    ("GET", "/assets/index-abc.js", "web"),
    ("GET", "/apiary", "web"),
]


class TestRouteFile:
    @pytest.mark.parametrize(("method", "path", "service"), CONTRACT)
    def test_each_path_has_its_owner(self, method, path, service):
        assert service_for(method, path.partition("?")[0]) == service

    def test_metrics_are_not_public(self):
        assert service_for("GET", "/metrics") is None

    def test_priorities_are_written_and_differ(self):
        priorities = [router.priority for router in routers()]
        assert len(set(priorities)) == len(priorities)

    def test_streams_are_neither_compressed_nor_retried(self):
        assert not {"compress", "retry"} & set(document()["routers"]["realtime"]["middlewares"])

    def test_every_router_names_a_service_and_middlewares_that_exist(self):
        for entry in document()["routers"].values():
            assert entry["service"] in document()["services"]
            assert set(entry["middlewares"]) <= set(document()["middlewares"])


class TestThroughTraefik:
    @pytest.mark.parametrize(("method", "path", "service"), CONTRACT)
    def test_each_path_reaches_its_owner_untouched(self, gateway, method, path, service):
        answer = httpx.request(method, gateway + path)
        assert answer.status_code == 200
        assert (answer.headers["X-Answered-By"], answer.headers["X-Path-Seen"]) == (service, path)

    def test_metrics_are_not_public(self, gateway):
        assert httpx.get(f"{gateway}/metrics").status_code == 404

    def test_a_frame_is_passed_on_before_the_next_is_written(self, gateway, stream_release):
        stream_release.clear()
        with httpx.stream(
            "GET", f"{gateway}/api/sse?channels=visible", headers={"Accept-Encoding": "gzip"}, timeout=5
        ) as answer:
            assert "content-encoding" not in answer.headers
            frames = answer.iter_lines()
            assert next(frames) == "event: hello"
            stream_release.set()
            assert "event: second" in list(frames)
