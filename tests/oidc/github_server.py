"""A stand-in for GitHub on this machine, in the forms that GitHub documents: OAuth web flow, `/user`, `/user/emails`.

Tests tell it by `POST /control` who is signed in there. The API is under `/api/v3`, as on a GitHub Enterprise Server.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request

CLIENT_ID, CLIENT_SECRET = "Iv1.argus", "a secret of GitHub"


def build() -> Flask:
    app = Flask("github")
    codes: dict[str, dict[str, Any]] = {}
    tokens: dict[str, dict[str, Any]] = {}
    state: dict[str, Any] = {"account": None, "faults": [], "redirect_uris": [], "asked": {}}

    @app.post("/control")
    def control():
        state.update(request.get_json())
        return jsonify(asked=state["asked"])

    @app.get("/login/oauth/authorize")
    def authorize():
        state["asked"] = request.args.to_dict()
        callback, wanted = request.args["redirect_uri"], request.args.get("state", "")
        if request.args["client_id"] != CLIENT_ID:
            return Response("404", 404)
        if callback not in state["redirect_uris"]:
            query = {"error": "redirect_uri_mismatch", "state": wanted}
        elif "deny" in state["faults"]:
            query = {"error": "access_denied", "error_description": "The user has denied access", "state": wanted}
        else:
            code = secrets.token_hex(10)
            codes[code] = {"account": state["account"], "callback": callback, **request.args.to_dict()}
            query = {"code": code, "state": wanted}
        return redirect(f"{callback}?{urlencode(query)}")

    @app.post("/login/oauth/access_token")
    def access_token():
        if "exchange_down" in state["faults"]:
            return Response("unicorn", 502)
        form = request.form
        # GitHub answers errors with 200.
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return jsonify(error="incorrect_client_credentials", error_description="The client_id is incorrect.")
        granted = codes.pop(form.get("code", ""), None)
        if granted is None or not _is_proven(granted, form.get("code_verifier", "")):
            return jsonify(error="bad_verification_code", error_description="The code is incorrect or expired.")
        if form.get("redirect_uri") != granted["callback"]:
            return jsonify(error="redirect_uri_mismatch")
        token = f"gho_{secrets.token_hex(18)}"
        tokens[token] = granted["account"]
        return jsonify(access_token=token, token_type="bearer", scope="read:user,user:email")

    @app.get("/api/v3/user")
    def user():
        account = _account()
        if account is None or "api_down" in state["faults"]:
            return jsonify(message="Bad credentials"), 401
        return jsonify({name: account.get(name) for name in ("id", "login", "email", "name")})

    @app.get("/api/v3/user/emails")
    def emails():
        account = _account()
        return jsonify(account["emails"]) if account else (jsonify(message="Bad credentials"), 401)

    def _account() -> dict[str, Any] | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        # GitHub turns callers away that do not say who they are.
        return tokens.get(token) if scheme.lower() == "bearer" and request.headers.get("user-agent") else None

    return app


def _is_proven(granted: dict[str, Any], verifier: str) -> bool:
    challenge = granted.get("code_challenge")
    if not challenge:
        return True
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return granted.get("code_challenge_method") == "S256" and digest == challenge


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    build().run("127.0.0.1", parser.parse_args().port, threaded=True)
