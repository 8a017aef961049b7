"""Texts of the mails that auth sends, in English and Simplified Chinese."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from argus_contracts.bus import MailMessage
from argus_kit.clock import iso


class _Text(NamedTuple):
    subject: str
    body: str


_VERIFY: Final = {
    "en": _Text(
        "Argus: please confirm your email address",
        "Hello {name},\n\nplease confirm that this is your address:\n\n{link}\n\n"
        "The link works for {hours} hours. If you did not open an account, ignore this message.\n",
    ),
    "zh": _Text(
        "Argus：请确认你的邮箱地址",
        "{name}，你好：\n\n请点击链接确认这是你的邮箱地址：\n\n{link}\n\n"
        "链接在 {hours} 小时内有效。如果你没有注册账户，请忽略本邮件。\n",
    ),
}
_RESET: Final = {
    "en": _Text(
        "Argus: set a new password",
        "Hello {name},\n\nhere you can set a new password:\n\n{link}\n\n"
        "The link works for {minutes} minutes, once. If you did not ask for it, ignore this message: "
        "your password stays as it is.\n",
    ),
    "zh": _Text(
        "Argus：设置新密码",
        "{name}，你好：\n\n请点击链接设置新密码：\n\n{link}\n\n"
        "链接在 {minutes} 分钟内有效，且只能使用一次。如果不是你本人操作，请忽略本邮件，你的密码不会改变。\n",
    ),
}
_CHANGED: Final = {
    "en": _Text(
        "Argus: your password was changed",
        "Hello {name},\n\nyour password was changed, and all other sessions were ended.\n\n"
        "If this was not you, set a new password at once: {link}\n",
    ),
    "zh": _Text(
        "Argus：你的密码已修改",
        "{name}，你好：\n\n你的密码已修改，其他会话均已退出。\n\n如果不是你本人操作，请立即重新设置密码：{link}\n",
    ),
}
_VOIDED: Final = {
    "en": _Text(
        "Argus: please choose a new password",
        "Hello {name},\n\nan administrator has ended your password and your sessions. Choose a new password here:\n\n"
        "{link}\n\nThe link works for {hours} hours, once. Your tokens go on working.\n",
    ),
    "zh": _Text(
        "Argus：请设置新密码",
        "{name}，你好：\n\n管理员已使你的密码失效并结束了你的会话。请点击链接设置新密码：\n\n{link}\n\n"
        "链接在 {hours} 小时内有效，且只能使用一次。你的令牌仍可继续使用。\n",
    ),
}
_NEW_ADDRESS: Final = {
    "en": _Text(
        "Argus: please confirm your new email address",
        "Hello {name},\n\nplease confirm that this is your new address:\n\n{link}\n\n"
        "The link works for {hours} hours. Until then the old address stays. If you did not ask for it, ignore this "
        "message.\n",
    ),
    "zh": _Text(
        "Argus：请确认你的新邮箱地址",
        "{name}，你好：\n\n请点击链接确认这是你的新邮箱地址：\n\n{link}\n\n"
        "链接在 {hours} 小时内有效，确认之前仍使用原邮箱地址。如果不是你本人操作，请忽略本邮件。\n",
    ),
}
_ADDRESS_REQUESTED: Final = {
    "en": _Text(
        "Argus: a new email address was asked for",
        "Hello {name},\n\nsomebody with your password asked that your account's address become {email}.\n\n"
        "If this was not you, change your password at once: {link}\n",
    ),
    "zh": _Text(
        "Argus：收到更换邮箱地址的请求",
        "{name}，你好：\n\n有人使用你的密码请求将账户邮箱更换为 {email}。\n\n"
        "如果不是你本人操作，请立即修改密码：{link}\n",
    ),
}

_RUNS: Final = {
    ("en", "delete"): "Your batches are deleted with all their files.",
    ("en", "keep"): "Your batches stay for those who could see them, without your name.",
    ("zh", "delete"): "你的批次及其所有文件均已删除。",
    ("zh", "keep"): "你的批次会为有权查看的人保留，但不再显示你的名字。",
}
_WHO: Final = {
    ("en", False): "as you asked",
    ("en", True): "by an administrator",
    ("zh", False): "根据你的请求",
    ("zh", True): "由管理员",
}
_DELETED: Final = {
    "en": _Text(
        "Argus: your account was deleted",
        "Hello {name},\n\nyour account on {link} was deleted, {who}. {runs} This is the last mail to this address.\n\n"
        "If this was not you, tell the administrator of that server.\n",
    ),
    "zh": _Text(
        "Argus：你的账户已删除",
        "{name}，你好：\n\n你在 {link} 的账户已{who}删除。{runs}这是发往此邮箱的最后一封邮件。\n\n"
        "如果不是你本人操作，请联系该服务器的管理员。\n",
    ),
}
_NEW_PLACE: Final = {
    "en": _Text(
        "Argus: a new sign-in to your account",
        "Hello {name},\n\nsomebody signed in to your account from a place that we had not seen before:\n\n"
        "Time: {at}\nAddress: {ip}\nBrowser: {agent}\n\n"
        "If this was you, there is nothing to do. If not, change your password and end the session: {link}\n",
    ),
    "zh": _Text(
        "Argus：你的账户有新的登录",
        "{name}，你好：\n\n你的账户在一个此前未见过的地方登录：\n\n"
        "时间：{at}\n地址：{ip}\n浏览器：{agent}\n\n"
        "如果是你本人，无需任何操作；如果不是，请立即修改密码并结束该会话：{link}\n",
    ),
}


_LEAKED: Final = {
    "en": _Text(
        "Argus: one of your tokens was found in public and ended",
        'Hello {name},\n\nsomebody reported your token "{which}" ({hint}) as found where it does not belong, and could '
        "show all of it. It was ended at once: what uses it no longer reports.\n\n"
        "Look where its text lies (repositories, logs, notebooks), and make a new one: {link}\n",
    ),
    "zh": _Text(
        "Argus：你的一个令牌已泄露并被撤销",
        "{name}，你好：\n\n有人报告在不应出现的地方发现了你的令牌“{which}”（{hint}），并出示了完整内容。"
        "该令牌已立即撤销，使用它的程序将无法继续上报。\n\n"
        "请检查它出现在何处（代码仓库、日志、笔记本），并创建新的令牌：{link}\n",
    ),
}
_LINKED: Final = {
    "en": _Text(
        "Argus: an account was connected",
        "Hello {name},\n\nyour account can now also be opened by signing in with {provider} as {login}.\n\n"
        "If this was not you, disconnect it and change your password at once: {link}\n",
    ),
    "zh": _Text(
        "Argus：已关联外部账号",
        "{name}，你好：\n\n现在也可以使用 {provider} 账号 {login} 登录你的账户。\n\n"
        "如果不是你本人操作，请立即解除关联并修改密码：{link}\n",
    ),
}


class Addressee(NamedTuple):
    """Who gets a mail, and in which language."""

    email: str
    username: str
    locale: str


def verify_email(to: Addressee, base_url: str, token: str, hours: int) -> MailMessage:
    """The link that confirms an address."""
    link = f"{base_url}/verify-email?token={token}"
    return _message(_VERIFY, to, "verify_email", token, link=link, hours=hours)


def reset_password(to: Addressee, base_url: str, token: str, minutes: int) -> MailMessage:
    """The link that sets a new password."""
    link = f"{base_url}/reset-password?token={token}"
    return _message(_RESET, to, "password_reset", token, link=link, minutes=minutes)


def password_voided(to: Addressee, base_url: str, token: str, ttl: timedelta) -> MailMessage:
    """The link that sets a new password after an administrator ended the old one."""
    link = f"{base_url}/reset-password?token={token}"
    return _message(_VOIDED, to, "password_voided", token, link=link, hours=int(ttl.total_seconds() // 3600))


def password_changed(to: Addressee, base_url: str) -> MailMessage:
    """The notice that a password was changed."""
    return _message(_CHANGED, to, "password_changed", None, link=f"{base_url}/reset-password")


def verify_new_email(to: Addressee, base_url: str, token: str, hours: int) -> MailMessage:
    """The link that confirms a new address, to that address."""
    link = f"{base_url}/verify-new-email?token={token}"
    return _message(_NEW_ADDRESS, to, "verify_new_email", token, link=link, hours=hours)


def email_change_requested(to: Addressee, base_url: str, email: str) -> MailMessage:
    """The notice, to the old address, that a new one was asked for."""
    link = f"{base_url}/reset-password"
    return _message(_ADDRESS_REQUESTED, to, "email_change_requested", None, email=email, link=link)


def account_deleted(to: Addressee, base_url: str, runs: str, *, by_admin: bool) -> MailMessage:
    """The notice, to an address that is about to be erased, that the account is gone."""
    language = _language(to)
    words = {"runs": _RUNS[language, runs], "who": _WHO[language, by_admin]}
    return _message(_DELETED, to, "account_deleted", None, link=base_url, **words)


def token_leaked(to: Addressee, base_url: str, name: str, hint: str) -> MailMessage:
    """The notice that a token was shown by somebody who found it, and that it was ended."""
    return _message(_LEAKED, to, "token_leaked", None, which=name, hint=hint, link=f"{base_url}/settings/tokens")


def new_login(to: Addressee, base_url: str, at: datetime, ip: str | None, agent: str | None) -> MailMessage:
    """The notice that somebody logged in from a place that was not seen before."""
    seen = {"at": iso(at), "ip": ip or "?", "agent": agent or "?"}
    return _message(_NEW_PLACE, to, "anomalous_login", None, link=f"{base_url}/settings/security", **seen)


def _language(to: Addressee) -> str:
    return "zh" if to.locale.startswith("zh") else "en"


def account_linked(to: Addressee, base_url: str, provider: str, login: str) -> MailMessage:
    """The notice that an account elsewhere opens this one."""
    link = f"{base_url}/settings/security"
    return _message(_LINKED, to, "account_linked", None, provider=provider, login=login, link=link)


def _message(texts: dict[str, _Text], to: Addressee, kind: str, token: str | None, **values: object) -> MailMessage:
    text = texts[_language(to)]
    key = hashlib.sha256(token.encode()).hexdigest()[:32] if token else None
    return MailMessage(
        to=to.email,
        subject=text.subject,
        body_text=text.body.format(name=to.username, **values),
        event_type=kind,
        dedupe_key=f"{kind}:{key}" if key else None,
        locale=to.locale,
    )
