"""The real gateway sends the headers, whatever a service behind it says."""

from __future__ import annotations

import httpx
import pytest

from argus_kit import headers


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/", headers.PAGE_POLICY),
        ("/assets/index-abc.js", headers.PAGE_POLICY),
        ("/api/batches", headers.API_POLICY),
        ("/api/artifacts/17", headers.API_POLICY),
        ("/api/auth/me", headers.API_POLICY),
        ("/api/sse?channels=visible", headers.API_POLICY),
        ("/api/unsubscribe?token=12345678", headers.FORM_POLICY),
        ("/api/unsubscribe/recipient/12345678", headers.FORM_POLICY),
        ("/api/notifications", headers.API_POLICY),
    ],
)
def test_each_route_has_its_policy_and_the_common_headers(gateway: str, path: str, policy: str) -> None:
    answer = httpx.get(gateway + path)
    assert answer.headers.get_list("Content-Security-Policy") == [policy]
    for name, value in headers.COMMON.items():
        assert answer.headers.get_list(name) == [value]
    assert "server" not in answer.headers


def test_https_is_remembered_where_it_was_spoken_and_the_browser_cannot_claim_it(gateway: str) -> None:
    claimed = httpx.get(gateway, headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in claimed.headers
