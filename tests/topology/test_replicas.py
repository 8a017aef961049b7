"""A service with several addresses: the real gateway gives them the requests in turn, from the same file of routes."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest
from gateways import running_gateway

from argus_kit.ports import free_port


@pytest.mark.parametrize("others", [("executor",), ("executor", "notifier", "realtime")])
def test_replicas_get_requests_in_turn(backends, secure, tmp_path, others):
    addresses = [backends["catalog"], *(backends[name] for name in others)]
    several = backends | {"catalog": ",".join(addresses)}
    with running_gateway(tmp_path, several, secure._replace(port=free_port())) as running, httpx.Client() as client:
        answers = [client.get(f"{running.url}/api/batches") for _ in range(12 * len(addresses))]
        assert {answer.status_code for answer in answers} == {200}
        shares = Counter(answer.headers["X-Answered-By"] for answer in answers)
        assert shares == dict.fromkeys(("catalog", *others), 12)
        assert client.get(f"{running.url}/api/auth/me").headers["X-Answered-By"] == "auth"
