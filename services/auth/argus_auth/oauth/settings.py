"""Where GitHub is, and the one OpenID Connect provider that the environment may name; prefix `ARGUS_`."""

from __future__ import annotations

from typing import Final

from pydantic import Field, SecretStr, field_validator, model_validator

from argus_auth.oauth import roles
from argus_auth.oauth.addresses import issuer_problem
from argus_kit.environment import Environment

ENVIRONMENT_SLUG: Final = "sso"
"""The name of the environment's provider in addresses."""


class OAuthSettings(Environment):
    """Addresses of GitHub, and the environment's provider; more providers are kept in the database."""

    # The pages of the administration set these too, and win: argus_auth.config reads them.
    github_oauth_enabled: bool = Field(False, description="Offer signing in with GitHub.")
    github_client_id: str = Field("", description="Client id of the GitHub app.")
    github_client_secret: SecretStr = Field(SecretStr(""), description="The secret that came with it.")
    github_url: str = Field("https://github.com", description="Where people sign in; GitHub Enterprise has its own.")
    github_api_url: str = Field("https://api.github.com", description="The same for its API: https://HOST/api/v3.")

    oidc_issuer: str = Field("", description="Issuer of an OpenID Connect provider, as it writes it itself.")
    oidc_client_id: str = Field("", description="What the provider calls Argus.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret that came with it; none is possible.")
    oidc_name: str = Field("Single sign-on", max_length=64, description="What the button says.")
    oidc_scopes: str = Field("openid email profile", description="What is asked for, separated by blanks.")
    oidc_allowed_domains: str = Field("", description="Comma list of mail domains that may sign in; empty: all.")
    oidc_groups_claim: str = Field("", description="Claim with a person's groups; dots lead into objects.")
    oidc_group_roles: str = Field("", description='JSON: group to role, such as {"ops": "admin"}.')
    oidc_required_group: str = Field("", description="Only members of this group may sign in; empty: all.")

    @field_validator("github_url", "github_api_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("oidc_group_roles")
    @classmethod
    def _roles_are_readable(cls, value: str) -> str:
        roles.read_json(value)
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> OAuthSettings:
        if not self.oidc_issuer:
            return self
        problem = issuer_problem(self.oidc_issuer) or (None if self.oidc_client_id else "needs ARGUS_OIDC_CLIENT_ID")
        if problem is not None:
            raise ValueError(f"ARGUS_OIDC_ISSUER {problem}")
        return self
