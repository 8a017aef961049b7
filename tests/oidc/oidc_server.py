"""An OpenID Connect provider on this machine, for tests: Authlib's server half, which checks the client, the redirect
address, PKCE and one-time codes itself. Tests tell it by `POST /control` who is signed in there and how it misbehaves.

    python tests/oidc/oidc_server.py --port 9400 --redirect-uri http://.../callback

Without somebody signed in by `/control` its page asks who one is, as real ones do.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any

# Authlib's server refuses plain http, which is all that this one speaks.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207.parameter import IssuerParameter
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from authlib.oidc.core.util import create_half_hash
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "argus", "a secret of the provider"
PEOPLE = {
    "grace": {"email": "grace@uni.example", "email_verified": True, "preferred_username": "grace"},
    "lin": {"email": "lin@uni.example", "email_verified": True, "preferred_username": "lin", "groups": ["admins"]},
}


@dataclass
class State:
    """What tests set by /control, and what the provider remembers."""

    issuer: str
    redirect_uris: list[str]
    person: dict[str, Any] | None = None
    faults: set[str] = field(default_factory=set)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Client(ClientMixin):
    state: State
    client_id: str = CLIENT_ID

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri in self.state.redirect_uris

    def check_client_secret(self, client_secret):
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    person: dict[str, Any]
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    auth_time: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return self.auth_time


@dataclass
class Token(TokenMixin):
    scope: str
    person: dict[str, Any]

    def get_scope(self):
        return self.scope

    def is_expired(self):
        return False

    def is_revoked(self):
        return False


class Challenge(CodeChallenge):
    """PKCE with S256, from everyone."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant, redirect_uri):
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required")
        super().validate_code_challenge(grant, redirect_uri)


def build(state: State) -> Flask:
    app = Flask("oidc")
    server = AuthorizationServer(app, lambda name: Client(state) if name == CLIENT_ID else None, lambda *_: None)
    server.register_grant(_grant(state), [Challenge(required=True), _id_tokens(state)])
    server.register_extension(_issuer_parameter(state))
    protector = ResourceProtector()
    protector.register_token_validator(_validator(state))

    @app.before_request
    def count_and_fail():
        state.counts[request.path] = state.counts.get(request.path, 0) + 1
        if request.path == "/control":
            return None
        if "down" in state.faults:
            return Response("<h1>Bad gateway</h1>", 502)
        if f"down:{request.path}" in state.faults:
            return Response("no", 503)
        if f"slow:{request.path}" in state.faults:
            time.sleep(3)
        if f"huge:{request.path}" in state.faults:
            return Response('{"x": "' + "x" * 2_000_000 + '"}', mimetype="application/json")
        if f"redirect:{request.path}" in state.faults:
            return redirect("http://127.0.0.1:1/elsewhere")
        return None

    @app.post("/control")
    def control():
        wish = request.get_json()
        state.person = wish.get("person", state.person)
        state.faults = set(wish.get("faults", state.faults))
        state.redirect_uris = wish.get("redirect_uris", state.redirect_uris)
        if wish.get("rotate"):
            state.key = RSAKey.generate_key(2048, {"kid": f"key-{time.time_ns()}", "use": "sig"})
        if wish.get("reset"):
            state.person, state.faults, state.counts = None, set(), {}
        return jsonify(counts=state.counts)

    @app.get("/.well-known/openid-configuration")
    def discovery():
        base = state.issuer
        document = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        changes = {
            "metadata:other_issuer": {"issuer": "https://elsewhere.example"},
            "metadata:plain_http": {"token_endpoint": "http://elsewhere.example/token"},
            "metadata:no_token_endpoint": {"token_endpoint": None},
            "metadata:only_hmac": {"id_token_signing_alg_values_supported": ["HS256", "none"]},
            "metadata:plain_pkce": {"code_challenge_methods_supported": ["plain"]},
            "metadata:post_only": {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
            "metadata:no_iss": {"authorization_response_iss_parameter_supported": False},
            "metadata:no_userinfo": {"userinfo_endpoint": None},
        }
        for fault, change in changes.items():
            if fault in state.faults:
                document |= change
        return jsonify({name: value for name, value in document.items() if value is not None})

    @app.get("/jwks")
    def jwks():
        public = state.key.as_dict(private=False)
        secret = {"kty": "oct", "k": "c2VjcmV0", "kid": public["kid"]}
        keys = [secret] if "jwks:symmetric" in state.faults else [secret, public]
        return jsonify(keys=[] if "jwks:empty" in state.faults else keys)

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize():
        chosen = request.form.get("person")
        person = {"sub": chosen, **PEOPLE[chosen]} if chosen else state.person
        try:
            grant = server.get_consent_grant(end_user=person)
        except OAuth2Error as error:
            return jsonify(error=error.error, description=error.description), 400
        if person is None:
            return _page()
        return server.create_authorization_response(grant_user=None if "deny" in state.faults else person, grant=grant)

    @app.post("/token")
    def token():
        return server.create_token_response()

    @app.get("/userinfo")
    @protector("openid")
    def userinfo():
        from authlib.integrations.flask_oauth2 import current_token

        claims = dict(current_token.person)
        if "other_subject" in state.faults:
            claims["sub"] = "somebody-else"
        return jsonify(claims)

    return app


def _page() -> Response:
    buttons = "".join(
        f'<button name="person" value="{escape(name)}">Sign in as {escape(name)}</button> ' for name in PEOPLE
    )
    return Response(f"<!doctype html><title>University</title><h1>University</h1><form method=post>{buttons}</form>")


def _grant(state: State) -> type:
    class Grant(grants.AuthorizationCodeGrant):
        def save_authorization_code(self, code, request):
            data = request.payload.data
            state.nonces.add(data["nonce"])
            state.codes[code] = Code(
                code=code,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                person=request.user,
                nonce=data.get("nonce"),
                code_challenge=data["code_challenge"],
                code_challenge_method=data["code_challenge_method"],
            )

        def query_authorization_code(self, code, client):
            found = state.codes.get(code)
            return found if found is not None and found.auth_time > time.time() - 600 else None

        def delete_authorization_code(self, authorization_code):
            del state.codes[authorization_code.code]

        def authenticate_user(self, authorization_code):
            return authorization_code.person

        def save_token(self, token):
            state.tokens[token["access_token"]] = Token(token["scope"], self.request.user)

    return Grant


def _validator(state: State) -> BearerTokenValidator:
    class Validator(BearerTokenValidator):
        def authenticate_token(self, token_string):
            return state.tokens.get(token_string)

    return Validator()


def _issuer_parameter(state: State) -> IssuerParameter:
    class Named(IssuerParameter):
        def get_issuer(self):
            if "no_iss" in state.faults:
                return None
            return "https://elsewhere.example" if "other_iss" in state.faults else state.issuer

    return Named()


def _id_tokens(state: State) -> OpenIDCode:
    class IdTokens(OpenIDCode):
        def exists_nonce(self, nonce, request):
            return nonce in state.nonces

        def process_token(self, grant, response):
            if "no_id_token" in state.faults:
                return response[1]
            return super().process_token(grant, response)

        def encode_id_token(self, token, request):
            now = int(time.time())
            claims = {
                "iss": state.issuer,
                "aud": CLIENT_ID,
                "iat": now,
                "exp": now + 300,
                "at_hash": create_half_hash(token["access_token"], "RS256").decode(),
                "nonce": request.authorization_code.get_nonce(),
                **request.user,
            }
            return _encode(state, _misstate(state.faults, claims, now))

    return IdTokens(require_nonce=True)


def _misstate(faults: set[str], claims: dict[str, Any], now: int) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {
        "wrong_nonce": {"nonce": "another login's"},
        "no_nonce": {"nonce": None},
        "wrong_audience": {"aud": "another client"},
        "two_audiences": {"aud": [CLIENT_ID, "another client"]},
        "two_audiences_for_another": {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
        "two_audiences_for_us": {"aud": [CLIENT_ID, "another client"], "azp": CLIENT_ID},
        "wrong_issuer": {"iss": "https://elsewhere.example"},
        "expired": {"iat": now - 900, "exp": now - 600},
        "no_expiry": {"exp": None},
        "no_issue_time": {"iat": None},
        "from_the_future": {"iat": now + 600, "exp": now + 900},
        "not_yet": {"nbf": now + 600},
        "another_access_token": {"at_hash": create_half_hash("another", "RS256").decode()},
        "no_subject": {"sub": None},
        "empty_subject": {"sub": ""},
        "number_subject": {"sub": 7},
        "thin": {"email": None, "email_verified": None, "groups": None, "preferred_username": None},
        "address_without_proof": {"email_verified": None},
    }
    for fault, change in changes.items():
        if fault in faults:
            claims = claims | change
    return {name: value for name, value in claims.items() if value is not None}


def _encode(state: State, claims: dict[str, Any]) -> str:
    kid = state.key.kid
    public_pem = state.key.as_pem(private=False)
    if "alg_none" in state.faults:
        return jwt.encode({"alg": "none", "kid": kid}, claims, None, ["none"])
    if "hs256_public_key" in state.faults:
        # No library signs with a public key for a secret, so this is done by hand.
        head = _base64(json.dumps({"alg": "HS256", "kid": kid}).encode())
        signed = f"{head}.{_base64(json.dumps(claims).encode())}"
        return f"{signed}.{_base64(hmac.new(public_pem, signed.encode(), hashlib.sha256).digest())}"
    if "hs256_client_secret" in state.faults:
        return jwt.encode({"alg": "HS256", "kid": kid}, claims, OctKey.import_key(CLIENT_SECRET), ["HS256"])
    if "other_key" in state.faults:
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, RSAKey.generate_key(2048))
    if "unknown_key" in state.faults:
        return jwt.encode({"alg": "RS256", "kid": "nobody"}, claims, RSAKey.generate_key(2048))
    if "no_key_id" in state.faults:
        return jwt.encode({"alg": "RS256"}, claims, state.key)
    if "garbage" in state.faults:
        return "not.a.token"
    if "unsigned" in state.faults:
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, state.key).rsplit(".", 1)[0] + "."
    if "critical_header" in state.faults:
        header = {"alg": "RS256", "kid": kid, "crit": ["x-must"], "x-must": True}
        signed = jwt.encode({"alg": "RS256", "kid": kid}, claims, state.key).split(".")
        head = _base64(json.dumps(header).encode())
        return ".".join([head, signed[1], signed[2]])
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, state.key)


def _base64(plain: bytes) -> str:
    from joserfc.util import urlsafe_b64encode

    return urlsafe_b64encode(plain).decode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--redirect-uri", action="append", default=[])
    given = parser.parse_args()
    here = State(f"http://127.0.0.1:{given.port}", given.redirect_uri)
    build(here).run("127.0.0.1", given.port, threaded=True)
