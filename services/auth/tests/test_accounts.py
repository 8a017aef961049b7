from __future__ import annotations
import httpx
from argus_kit.testing import bearer_headers

PASSWORD = "correct horse 1"

async def test_first(client: httpx.AsyncClient):
    r = await client.post("/api/auth/register", json={"username":"ada","email":"Ada@example.org","password":PASSWORD})
    assert r.status_code == 201, r.text
    r = await client.post("/api/auth/login", json={"username_or_email":"ada@EXAMPLE.org","password":PASSWORD})
    assert r.status_code == 200, r.text
    h = bearer_headers(r.json()["access_token"])
    print(r.json())
    for path in ["/api/auth/me","/api/auth/sessions","/api/tokens","/api/users/me/preferences","/api/admin/users","/api/admin/feature-flags","/api/admin/system-config","/api/admin/audit-log","/api/admin/jwt/status","/api/admin/security/jwt/status","/api/auth/.well-known/jwks.json","/api/auth/oauth/config"]:
        r = await client.get(path, headers=h)
        assert r.status_code == 200, (path, r.text)
        print(path, r.text[:300])
    r = await client.post("/api/tokens", headers=h, json={"name":"x","scope":"reporter"})
    assert r.status_code == 201, r.text
    print(r.json())
    r = await client.get("/api/auth/me", headers=bearer_headers(r.json()["token"]))
    assert r.status_code == 200, r.text
    r = await client.post("/api/auth/refresh", headers=h)
    assert r.status_code == 200, r.text
    r = await client.get("/api/auth/me", headers=h)
    assert r.status_code == 401, r.text
