"""The words of auth's mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argus_auth.accounts import mail

CHINESE = mail.Addressee("ada@example.org", "ada", "zh-CN")
SITE = "https://argus.example.org"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAILS = [
    mail.verify_email(CHINESE, SITE, "t", 24),
    mail.reset_password(CHINESE, SITE, "t", 30),
    mail.password_voided(CHINESE, SITE, "t", timedelta(hours=2)),
    mail.password_changed(CHINESE, SITE),
    mail.verify_new_email(CHINESE, SITE, "t", 24),
    mail.email_change_requested(CHINESE, SITE, "new@example.org"),
    mail.account_deleted(CHINESE, SITE, "delete", by_admin=False),
    mail.account_deleted(CHINESE, SITE, "keep", by_admin=True),
    mail.token_leaked(CHINESE, SITE, "ci", "em_live_…x"),
    mail.new_login(CHINESE, SITE, NOW, None, None),
    mail.account_linked(CHINESE, SITE, "GitHub", "ada"),
]


class TestChinese:
    def test_says_you_as_the_pages_do(self) -> None:
        assert [one.event_type for one in MAILS if "您" in one.subject + one.body_text] == []
        assert all("你好" in one.body_text for one in MAILS)

    def test_is_set_with_its_own_marks(self) -> None:
        for one in MAILS:
            assert one.subject.startswith("Argus：")
            assert "," not in one.body_text
