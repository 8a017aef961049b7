"""What a caller may do: one table of permissions, the check, and the parameters by which routes name theirs.

`argus_kit.identity` says who calls. A rule says with which credentials, whether only an administrator, and the least
role on the thing itself: where that is looked up, `role_of` and `argus_schema.access` decide. OpenAPI shows what stands
in a route's parameters as `x-permission` (`argus_kit.documents`), so what is documented is what is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, Scope, must_reach
from argus_kit.errors import ArgusError
from argus_kit.identity import actor_or_visitor, current_actor
from argus_schema.roles import Role

F = TypeVar("F", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a route lets a caller do: `<what>.<verb>`."""

    PUBLIC = "public"
    PUBLISHED_READ = "published.read"

    SELF_READ = "self.read"
    ACCOUNT_READ = "account.read"
    ACCOUNT_CHANGE = "account.change"
    ACCOUNT_SECURE = "account.secure"
    SESSION_REFRESH = "session.refresh"
    SESSION_END = "session.end"
    TOKENS_MANAGE = "tokens.manage"

    EVENTS_WRITE = "events.write"
    RUNS_READ = "runs.read"
    RUNS_CHANGE = "runs.change"
    RUNS_DELETE = "runs.delete"
    ARTIFACTS_READ = "artifacts.read"
    ARTIFACTS_WRITE = "artifacts.write"
    ARTIFACTS_DELETE = "artifacts.delete"
    SHARES_READ = "shares.read"
    SHARES_CHANGE = "shares.change"
    STREAMS_READ = "streams.read"

    PROJECTS_READ = "projects.read"
    PROJECTS_CHANGE = "projects.change"
    PROJECTS_SHARE = "projects.share"
    PROJECTS_DELETE = "projects.delete"
    MEMBERS_READ = "members.read"
    MEMBERS_MANAGE = "members.manage"
    RECIPIENTS_READ = "recipients.read"
    RECIPIENTS_CHANGE = "recipients.change"
    HOSTS_READ = "hosts.read"

    MARKS_READ = "marks.read"
    MARKS_CHANGE = "marks.change"
    INBOX_READ = "inbox.read"
    INBOX_CHANGE = "inbox.change"
    MAILS_READ = "mails.read"
    MAILS_CHANGE = "mails.change"
    CHANNELS_READ = "channels.read"
    CHANNELS_CHANGE = "channels.change"
    PROJECT_CHANNELS_CHANGE = "project_channels.change"
    RULES_READ = "rules.read"
    RULES_CHANGE = "rules.change"
    PROJECT_RULES_CHANGE = "project_rules.change"

    AGENTS_READ = "agents.read"
    AGENTS_REGISTER = "agents.register"
    AGENTS_CHANGE = "agents.change"
    AGENTS_SERVE = "agents.serve"

    ADMIN_READ = "admin.read"
    ADMIN_CHANGE = "admin.change"
    ADMIN_SECURE = "admin.secure"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who has a permission.

    Attributes:
        says: for people, in a few words.
        credentials: the kinds that are good enough; none: nothing is asked for.
        admin: only for administrators.
        beyond: it reaches beyond any one project, so a token that is tied to a project does not have it.
        role: the least role on the batch or project that the request is about; administrators count as owners.
        missing: the error for whoever shows no credential.
        refused: the error for every credential that is not good enough; None: the one that fits its kind.
        is_open: also for callers without a credential, as far as something was published: the route must ask for what
            `argus_catalog.access.visibility` lets a visitor see.
    """

    says: str
    credentials: frozenset[Scope]
    admin: bool = False
    beyond: bool = False
    role: Role | None = None
    missing: ErrorCode = ErrorCode.AUTH_REQUIRED
    refused: ErrorCode | None = None
    is_open: bool = False


_NOBODY: Final[frozenset[Scope]] = frozenset()
_BROWSER: Final[frozenset[Scope]] = frozenset({"full"})
_REPORTER: Final[frozenset[Scope]] = frozenset({"reporter"})
_WRITERS: Final[frozenset[Scope]] = frozenset({"full", "reporter"})
_READERS: Final[frozenset[Scope]] = frozenset({"full", "reporter", "viewer"})
_AGENT: Final[frozenset[Scope]] = frozenset({"agent"})

P = Permission
RULES: Final[Mapping[Permission, Rule]] = {
    P.PUBLIC: Rule("what is open to everyone, or to whoever has a link", _NOBODY),
    P.PUBLISHED_READ: Rule(
        "see projects, batches, jobs and curves; without a credential, those that were published",
        _READERS,
        role=Role.VIEWER,
        is_open=True,
    ),
    P.SELF_READ: Rule("see who one is, and what one shared", _READERS),
    P.ACCOUNT_READ: Rule("read one's own settings and sessions", _READERS, beyond=True),
    P.ACCOUNT_CHANGE: Rule("change one's own settings", _WRITERS, beyond=True),
    P.ACCOUNT_SECURE: Rule("change what guards the account: password, address, logins", _BROWSER),
    P.SESSION_REFRESH: Rule("go on with a session", _BROWSER, refused=ErrorCode.AUTH_SESSION_INVALID),
    P.SESSION_END: Rule("log out", _READERS),
    P.TOKENS_MANAGE: Rule("see, make and end one's tokens", _BROWSER),
    P.EVENTS_WRITE: Rule("report events", _REPORTER, refused=ErrorCode.AUTH_API_TOKEN_REQUIRED),
    P.RUNS_READ: Rule("see batches, jobs, curves and logs", _READERS, role=Role.VIEWER),
    P.RUNS_CHANGE: Rule("stop and rerun batches", _WRITERS, role=Role.EDITOR),
    P.RUNS_DELETE: Rule("delete batches and jobs", _WRITERS, role=Role.OWNER),
    P.ARTIFACTS_READ: Rule("see and download files", _READERS, role=Role.VIEWER),
    P.ARTIFACTS_WRITE: Rule("upload files", _WRITERS, role=Role.EDITOR),
    P.ARTIFACTS_DELETE: Rule("delete files", _WRITERS, role=Role.OWNER),
    P.SHARES_READ: Rule("see with whom a batch is shared", _READERS, role=Role.OWNER),
    P.SHARES_CHANGE: Rule("share a batch with people, or by a public link", _WRITERS, role=Role.OWNER),
    P.STREAMS_READ: Rule("watch live", _READERS, role=Role.VIEWER),
    P.PROJECTS_READ: Rule("see projects", _READERS, role=Role.VIEWER),
    P.PROJECTS_CHANGE: Rule("say what a project is for and how it is shown", _WRITERS, role=Role.OWNER),
    P.PROJECTS_SHARE: Rule("share one's own batches of a project", _WRITERS),
    P.PROJECTS_DELETE: Rule("delete a project with all its batches", _WRITERS, role=Role.OWNER),
    P.MEMBERS_READ: Rule("see a project's members", _READERS, role=Role.VIEWER),
    P.MEMBERS_MANAGE: Rule("add and remove a project's members, and set their roles", _WRITERS, role=Role.OWNER),
    P.RECIPIENTS_READ: Rule("see who gets a project's mails", _READERS, role=Role.VIEWER),
    P.RECIPIENTS_CHANGE: Rule("choose who gets a project's mails", _WRITERS, role=Role.EDITOR),
    P.HOSTS_READ: Rule("see hosts, as far as one's batches ran there", _READERS),
    P.MARKS_READ: Rule("see one's stars, pins and saved views", _READERS),
    P.MARKS_CHANGE: Rule("star, pin, save views", _WRITERS),
    P.INBOX_READ: Rule("read one's notifications and what one wants to hear of", _READERS),
    P.INBOX_CHANGE: Rule("mark notifications as read; choose what to hear of", _WRITERS),
    P.MAILS_READ: Rule("see which mails one gets of one's own batch", _READERS, role=Role.AUTHOR),
    P.MAILS_CHANGE: Rule("choose which mails one gets of one's own batch", _WRITERS, role=Role.AUTHOR),
    P.CHANNELS_READ: Rule("see one's channels and what they were sent", _READERS, beyond=True),
    # By a session only: whoever finds a token must not have its owner's news sent elsewhere, beyond the token's end.
    P.CHANNELS_CHANGE: Rule("make, change and try one's channels", _BROWSER),
    P.PROJECT_CHANNELS_CHANGE: Rule("make, change and try a project's channels", _BROWSER, role=Role.EDITOR),
    P.RULES_READ: Rule("see one's rules of what to be told", _READERS, beyond=True),
    # By a session only, as channels are: a rule has things sent.
    P.RULES_CHANGE: Rule("make, change and try one's rules", _BROWSER),
    P.PROJECT_RULES_CHANGE: Rule("make, change and try a project's rules", _BROWSER, role=Role.EDITOR),
    P.AGENTS_READ: Rule("see one's agents", _READERS, beyond=True),
    P.AGENTS_REGISTER: Rule("introduce an agent", _WRITERS, beyond=True),
    # By a session only: whoever finds a token on a training host must not open that host to others.
    P.AGENTS_CHANGE: Rule("end one's agents, and say who else may have commands run by them", _BROWSER),
    P.AGENTS_SERVE: Rule(
        "take one's own commands, as the agent of a host",
        _AGENT,
        missing=ErrorCode.AGENT_UNAUTHENTICATED,
        refused=ErrorCode.AGENT_UNAUTHENTICATED,
    ),
    P.ADMIN_READ: Rule("see everyone's accounts, the configuration and the audit log", _READERS, admin=True),
    P.ADMIN_CHANGE: Rule("change accounts, configuration and keys; delete hosts", _WRITERS, admin=True),
    # By a session only: a leaked token of an administrator must neither make administrators nor open an account. A
    # provider does both: it says whose an address is, and its groups make administrators.
    P.ADMIN_SECURE: Rule(
        "say who is an administrator; end a password; set up providers of login, the mail server and what mails say",
        _BROWSER,
        admin=True,
    ),
}


def require(actor: Actor, permission: Permission) -> None:
    """Let pass whose credential and account have this permission. The role on the thing itself is asked elsewhere.

    Raises:
        ArgusError: 403 with the code that says what is missing, or the rule's own.
    """
    rule = RULES[permission]
    if not rule.credentials or (rule.is_open and actor.is_anonymous):
        return
    if actor.is_anonymous:
        raise ArgusError(rule.missing)
    if actor.scope not in rule.credentials:
        raise _refusal(actor, rule)
    if rule.admin and not actor.is_admin:
        raise ArgusError(ErrorCode.AUTH_ADMIN_REQUIRED)
    if rule.beyond:
        must_reach(actor, None)


def _refusal(actor: Actor, rule: Rule) -> ArgusError:
    lacks_no_right = actor.is_admin or not rule.admin
    if actor.scope == "viewer" and "reporter" in rule.credentials and lacks_no_right:
        return ArgusError(ErrorCode.AUTH_SCOPE_INSUFFICIENT)
    if rule.refused is not None:
        return ArgusError(rule.refused)
    if actor.scope == "agent":
        return ArgusError(ErrorCode.AUTH_FORBIDDEN, "An agent's token only serves its agent.")
    return ArgusError(ErrorCode.AUTH_INTERACTIVE_REQUIRED if lacks_no_right else ErrorCode.AUTH_ADMIN_REQUIRED)


def role_for(permission: Permission) -> Role:
    """The least role on the thing itself.

    Raises:
        LookupError: the permission is not about a batch or project.
    """
    role = RULES[permission].role
    if role is None:
        raise LookupError(f"{permission} asks for no role")
    return role


def names(permission: Permission) -> Callable[[F], F]:
    """Marks a function that checks a permission itself: a dependency, or a route's function."""

    def mark(function: F) -> F:
        function.permission = permission  # type: ignore[attr-defined]
        return function

    return mark


def may(permission: Permission, find: Callable[..., Awaitable[Actor]] | None = None) -> Any:
    """A dependency: the caller, who has this permission. `find` says where the caller's credential stands.

    Only a permission that is open to visitors lets in who shows no credential; whoever shows a bad one is refused.

    Use it as `Annotated[Actor, may(Permission.RUNS_READ)]`; the common ones stand below.
    """
    caller = Depends(find or (actor_or_visitor if RULES[permission].is_open else current_actor))

    @names(permission)
    async def check(actor: Actor = caller) -> Actor:
        require(actor, permission)
        return actor

    return Depends(check)


@names(Permission.PUBLIC)
async def _anyone() -> None:
    return None


PUBLIC: Final = Depends(_anyone)
"""Stands in `dependencies=[...]` of a route or router that asks for no credential, so that this is no oversight."""

MayReadPublished = Annotated[Actor, may(P.PUBLISHED_READ)]
MayReadSelf = Annotated[Actor, may(P.SELF_READ)]
MayReadAccount = Annotated[Actor, may(P.ACCOUNT_READ)]
MayChangeAccount = Annotated[Actor, may(P.ACCOUNT_CHANGE)]
MaySecureAccount = Annotated[Actor, may(P.ACCOUNT_SECURE)]
MayEndSession = Annotated[Actor, may(P.SESSION_END)]
MayManageTokens = Annotated[Actor, may(P.TOKENS_MANAGE)]
MayReadRuns = Annotated[Actor, may(P.RUNS_READ)]
MayChangeRuns = Annotated[Actor, may(P.RUNS_CHANGE)]
MayDeleteRuns = Annotated[Actor, may(P.RUNS_DELETE)]
MayReadArtifacts = Annotated[Actor, may(P.ARTIFACTS_READ)]
MayWriteArtifacts = Annotated[Actor, may(P.ARTIFACTS_WRITE)]
MayDeleteArtifacts = Annotated[Actor, may(P.ARTIFACTS_DELETE)]
MayReadShares = Annotated[Actor, may(P.SHARES_READ)]
MayChangeShares = Annotated[Actor, may(P.SHARES_CHANGE)]
MayReadProjects = Annotated[Actor, may(P.PROJECTS_READ)]
MayChangeProjects = Annotated[Actor, may(P.PROJECTS_CHANGE)]
MayShareProjects = Annotated[Actor, may(P.PROJECTS_SHARE)]
MayDeleteProjects = Annotated[Actor, may(P.PROJECTS_DELETE)]
MayReadMembers = Annotated[Actor, may(P.MEMBERS_READ)]
MayManageMembers = Annotated[Actor, may(P.MEMBERS_MANAGE)]
MayReadRecipients = Annotated[Actor, may(P.RECIPIENTS_READ)]
MayReadChannels = Annotated[Actor, may(P.CHANNELS_READ)]
MayChangeChannels = Annotated[Actor, may(P.CHANNELS_CHANGE)]
MayChangeProjectChannels = Annotated[Actor, may(P.PROJECT_CHANNELS_CHANGE)]
MayReadRules = Annotated[Actor, may(P.RULES_READ)]
MayChangeRules = Annotated[Actor, may(P.RULES_CHANGE)]
MayChangeProjectRules = Annotated[Actor, may(P.PROJECT_RULES_CHANGE)]
MayChangeRecipients = Annotated[Actor, may(P.RECIPIENTS_CHANGE)]
MayReadHosts = Annotated[Actor, may(P.HOSTS_READ)]
MayReadMarks = Annotated[Actor, may(P.MARKS_READ)]
MayChangeMarks = Annotated[Actor, may(P.MARKS_CHANGE)]
MayReadInbox = Annotated[Actor, may(P.INBOX_READ)]
MayChangeInbox = Annotated[Actor, may(P.INBOX_CHANGE)]
MayReadMails = Annotated[Actor, may(P.MAILS_READ)]
MayChangeMails = Annotated[Actor, may(P.MAILS_CHANGE)]
MayReadAgents = Annotated[Actor, may(P.AGENTS_READ)]
MayRegisterAgents = Annotated[Actor, may(P.AGENTS_REGISTER)]
MayChangeAgents = Annotated[Actor, may(P.AGENTS_CHANGE)]
MayAdminRead = Annotated[Actor, may(P.ADMIN_READ)]
MayAdminChange = Annotated[Actor, may(P.ADMIN_CHANGE)]
MayAdminSecure = Annotated[Actor, may(P.ADMIN_SECURE)]
