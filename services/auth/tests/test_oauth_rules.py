"""The decisions of signing in elsewhere, as tables."""

from __future__ import annotations

import pytest

from argus_auth.oauth import roles
from argus_auth.oauth.addresses import endpoint_problem, is_allowed_domain, issuer_problem, within_app
from argus_auth.oauth.roles import Granted


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://accounts.google.com", True),
        ("https://keycloak.uni.example:8443/realms/lab", True),
        ("https://tenant.auth0.example/", True),
        ("http://127.0.0.1:9400", True),
        ("http://[::1]:9400", True),
        ("http://localhost:9400", True),
        ("http://10.0.0.1", False),
        ("http://localhost.evil.example", False),
        ("http://keycloak:8080", False),
        ("https://", False),
        ("https://a b", False),
        ("https://a\n.example", False),
        ("https://[::1", False),
        ("https://a:99999", False),
        ("https://user@a.example", False),
        ("javascript:alert(1)", False),
        ("https://" + "a" * 3000, False),
    ],
)
def test_addresses_of_providers(url, is_good):
    assert (endpoint_problem(url) is None) is is_good


def test_an_issuer_has_neither_query_nor_fragment():
    assert endpoint_problem("https://a.example/token?tenant=1") is None
    assert issuer_problem("https://a.example?tenant=1")
    assert issuer_problem("https://a.example#x")


@pytest.mark.parametrize(
    ("target", "is_kept"),
    [
        ("/", True),
        ("/batches/a%2Fb?status=failed#log", True),
        (None, False),
        ("", False),
        ("batches", False),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/a\\b", False),
        ("/.//evil.example", False),
        ("/%2e//evil.example", False),
        ("/a/..//evil.example", False),
        ("/batches?next=//evil.example", True),
        ("/\n/evil.example", False),
        ("/\t/evil.example", False),
        ("https://evil.example", False),
        ("/" + "a" * 5000, False),
    ],
)
def test_pages_to_end_on(target, is_kept):
    assert within_app(target) == (target if is_kept else None)


def test_domains():
    assert is_allowed_domain("a@anything.example", [])
    assert is_allowed_domain("a@Uni.Example", ["uni.example"])
    assert not is_allowed_domain("uni.example@evil.example", ["uni.example"])
    assert is_allowed_domain("a@x.y.uni.example", ["*.uni.example"])
    assert not is_allowed_domain("a@uni.example", ["*.uni.example"])


class TestGroups:
    ROLES = roles.read(
        {
            "ops": "admin",
            "staff": "user",
            "vision": {"project": "vision", "role": "viewer"},
            "leads": ["admin", {"project": "vision", "role": "owner"}, {"project": "nlp", "role": "editor"}],
        }
    )

    @pytest.mark.parametrize(
        ("groups", "granted"),
        [
            ([], Granted(admin=False, projects={})),
            (["strangers", "staff"], Granted(admin=False, projects={})),
            (["ops"], Granted(admin=True, projects={})),
            (["OPS"], Granted(admin=False, projects={})),
            (["vision"], Granted(admin=False, projects={"vision": "viewer"})),
            (["leads", "vision"], Granted(admin=True, projects={"vision": "owner", "nlp": "editor"})),
            (["vision", "leads"], Granted(admin=True, projects={"vision": "owner", "nlp": "editor"})),
        ],
    )
    def test_give_roles(self, groups, granted):
        assert roles.decide(groups, self.ROLES) == granted

    def test_are_kept_and_read_back(self):
        granted = roles.decide(["leads"], self.ROLES)
        assert roles.from_stored(roles.to_stored(granted)) == granted
        assert roles.to_stored(Granted(admin=False, projects={})) is None
        assert roles.read(roles.written(self.ROLES)) == self.ROLES

    @pytest.mark.parametrize(
        ("claims", "path", "found"),
        [
            ({"groups": ["a", "b"]}, "groups", ["a", "b"]),
            ({"groups": "a"}, "groups", ["a"]),
            ({"groups": []}, "groups", []),
            ({"groups": ["a", 1, None]}, "groups", ["a"]),
            ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", ["a"]),
            ({"https://uni.example/groups": ["a"]}, "https://uni.example/groups", ["a"]),
            ({}, "groups", None),
            ({"groups": {"a": True}}, "groups", None),
            ({"realm_access": "a"}, "realm_access.roles", None),
        ],
    )
    def test_are_found_in_claims(self, claims, path, found):
        assert roles.groups_in(claims, path) == found
