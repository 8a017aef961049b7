"""Texts of mails: the packaged ones, those of administrators, the editor's routes, and what a template cannot do."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.alerts.wording import Job, Words
from argus_notifier.kinds import KINDS
from argus_notifier.mail.rendering import letter, preview, render
from argus_notifier.templates.errors import TemplateBroken
from argus_notifier.templates.language import fill
from argus_notifier.templates.sources import LOCALES, Source, number_of, packaged
from argus_notifier.templates.variables import for_reader, names, of_occurrence, sample
from argus_schema import notifier as tables

BASE = "/api/admin/email/templates"
ALL = [(kind, locale) for kind in KINDS for locale in LOCALES]


def event(title="t", body="b", **more):
    batch = Batch(key=1, id="b/1", project="p", owner_id=1)
    values = {"kind": "batch_failed", "key": "k", "severity": "error", "at": datetime(2026, 1, 1, tzinfo=UTC)}
    occurrence = Occurrence(**{**values, "batch": batch, **more})
    made = of_occurrence(occurrence, Words(title, body), Job(), batch=None, base_url="https://argus.example.org")
    return for_reader(made, "https://argus.example.org/api/unsubscribe?token=abcdefgh", None)


class TestPackaged:
    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_each_asks_only_for_what_is_there_and_has_all_three_parts(self, kind, locale):
        variables = sample(kind, locale, "https://argus.example.org")
        made = preview(packaged(kind, locale), locale, variables)
        assert made.subject.startswith("[Argus] ")
        assert f'lang="{locale}"' in made.body_html
        for body in (made.body_html, made.body_text):
            assert variables["link"]["unsubscribe_url"] in body
        assert ("你" in made.body_html) == (locale == "zh-CN")
        assert "您" not in made.subject + made.body_html + made.body_text
        assert not re.search(r"\n{3,}", made.body_text)

    @pytest.mark.parametrize(("kind", "locale"), ALL)
    def test_nothing_is_loaded_from_anywhere_and_both_looks_are_there(self, kind, locale):
        html = preview(packaged(kind, locale), locale, sample(kind, locale, "https://argus.example.org")).body_html
        assert re.findall(r"(?:src|background)=|url\(|@import|<(?:img|script|link|iframe)", html) == []
        assert "prefers-color-scheme: dark" in html
        assert 'name="color-scheme" content="light dark"' in html
        assert "max-width:600px" in html

    def test_ids_are_numbers_of_their_own(self):
        assert len({number_of(kind, locale) for kind, locale in ALL}) == len(ALL)

    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_what_the_contract_names_can_be_asked_for(self, kind):
        known = {"link.unsubscribe_url", "user.id", "user.username", "user.email"}
        if kind != "digest":
            known |= {f"batch.{key}" for key in ("id", "name", "project", "status", "start_time", "end_time", "host")}
            known |= {f"job.{key}" for key in ("id", "model", "dataset", "status", "error")}
            known |= {"link.batch_url", "link.project_url"}
        if kind == "share_granted":
            known |= {"shared_by.username", "project", "permission"}
        assert known <= set(names(kind))


class TestRendering:
    def test_what_is_put_in_is_text_in_html_and_itself_in_subject_and_text(self):
        said = "<b onload='x'>it's & \"5\"</b>"
        made = render("batch_failed", "en-US", event(said, said))
        assert said in made.subject
        assert made.body_text.count(said) == 2
        assert "<b onload" not in made.body_html
        assert "&lt;b onload" in made.body_html

    @given(st.text(max_size=80), st.text(max_size=200), st.sampled_from(LOCALES))
    def test_no_word_of_a_job_becomes_markup(self, title, body, locale):
        plain, odd = (
            _tags(render("batch_failed", locale, event(*said)).body_html) for said in (("t", "b"), (title, body))
        )
        wanted = len([line for line in body.split("\n") if line.strip()])
        assert odd["p"] - plain["p"] == wanted - 1
        assert {**odd, "p": 0} == {**plain, "p": 0}

    def test_a_line_break_in_a_subject_is_a_space(self):
        assert (
            render("batch_failed", "en-US", event("a\r\nBcc: eve@example.org")).subject
            == "[Argus] a Bcc: eve@example.org"
        )

    def test_a_reason_is_shown_as_it_was_written_and_once(self):
        reason = "Traceback\n  File x\nValueError: no"
        made = render("batch_failed", "en-US", event("t", f"2 failed\n{reason}", data={"reason": reason}))
        assert "<pre style=" in made.body_html
        assert made.body_html.count("ValueError: no") == 1

    def test_an_override_is_used_and_a_broken_one_costs_no_mail(self):
        own = {
            ("batch_failed", "en-US"): Source("S {{ batch.id }}", "<p>{{ batch.id }}</p>", "T {{ nothing.at.all }}.")
        }
        made = render("batch_failed", "en-US", event(), own)
        assert (made.subject, made.body_text.partition("\n")[0]) == ("S b/1", "T .")
        assert "max-width:600px" in made.body_html
        broken = {("batch_failed", "en-US"): Source("S", "{% if %}", "T")}
        assert render("batch_failed", "en-US", event("told"), broken).subject == "[Argus] told"
        assert render("batch_failed", "zh-CN", event("told"), own).subject == "[Argus] told"

    def test_who_writes_a_whole_page_is_left_alone_with_it(self):
        page = "<!doctype html><html><body>{{ batch.id }}</body></html>"
        own = {("batch_failed", "en-US"): Source("S", page, "T")}
        assert render("batch_failed", "en-US", event(), own).body_html == page.replace("{{ batch.id }}", "b/1")

    def test_a_letter_of_another_service_gets_the_look_and_keeps_its_words(self):
        text = "Hello <ada>,\n\nplease:\n\nhttps://argus.example.org/verify?token=a&b=1\n\nor see https://x.example/y.\nBye"
        html = letter("en-US", "Argus: please confirm", text)
        assert "<h1 style=" in html
        assert "Please confirm</h1>" in html
        assert html.count('href="https://argus.example.org/verify?token=a&amp;b=1"') == 2
        assert 'href="https://x.example/y"' in html
        assert "Hello &lt;ada&gt;," in html
        assert "请确认" in letter("zh-CN", "Argus：请确认", "你好")


class TestLanguage:
    @pytest.mark.parametrize(
        ("source", "line"),
        [
            ("a\n{{ nope }}", 2),
            ("{{ batch.nope }}", 1),
            ("a\nb\n{% if %}", 3),
            ("{% endfor %}", 1),
            ("{{ title", 1),
            ("\n{{ title|nope }}", 2),
            ("{{ title|safe }}", 1),
            ("{{ title.upper() }}", 1),
            ("{{ 2 ** 99999999 }}", 1),
            ("{{ 'a' * 99999999 }}", 1),
            ("{{ title ~ title }}", 1),
            ("{% set a = title %}", 1),
            ("{% macro a() %}{% endmacro %}", 1),
            ("{% include 'layout.html' %}", 1),
            ("{% import 'x' as y %}", 1),
            ("{% extends 'layout.html' %}", 1),
            ("{{ title.__class__ }}", 1),
            ("{{ range(9) }}", 1),
            ("{% for a in lines %}{% for b in lines %}{% for c in b %}x{% endfor %}{% endfor %}{% endfor %}", 1),
            ("{{ title|truncate('x') }}", 1),
            ("{{ '%09999999d'|format(1) }}", 1),
        ],
    )
    def test_what_a_template_cannot_do_is_refused_with_its_line(self, source, line):
        with pytest.raises(TemplateBroken) as refused:
            preview(Source("s", source, "t"), "en-US", sample("batch_failed", "en-US", ""))
        assert (refused.value.field, refused.value.line) == ("body_html", line)
        assert refused.value.problem

    @given(st.text(alphabet="{}%|.() \nabfiorendsetquc'\"0123456789_~*", max_size=60))
    def test_any_text_is_a_mail_or_a_told_mistake(self, source):
        try:
            fill(source, {"a": "1", "b": ["x"]}, is_html=True)
        except TemplateBroken as error:
            assert error.problem


class TestRoutes:
    @pytest.fixture
    async def admin(self, house):
        return await house.person("root", is_admin=True)

    async def _one(self, house, admin, kind="batch_failed", locale="en-US"):
        listed = (await house.get(admin, BASE)).json()
        (found,) = [one for one in listed if (one["event_type"], one["locale"]) == (kind, locale)]
        return listed, found

    async def test_all_are_listed_by_event_and_locale_in_the_contracts_form(self, house, admin):
        listed, one = await self._one(house, admin)
        contract = {"id", "event_type", "locale", "subject", "body_html", "body_text", "is_system"}
        assert contract | {"updated_at", "updated_by_user_id"} <= set(one)
        assert [(row["event_type"], row["locale"]) for row in listed] == sorted(ALL)
        single = (await house.get(admin, f"{BASE}/{one['id']}")).json()
        assert "batch.id" in single["available_variables"]
        assert (await house.get(admin, f"{BASE}/1")).json()["error"]["code"] == "template.not_found"

    async def test_a_text_is_changed_looked_at_and_taken_back(self, house, admin):
        _, one = await self._one(house, admin)
        path = f"{BASE}/{one['id']}"
        draft = {"subject": "It's {{ batch.id }}", "body_html": "<p>{{ title }}</p>", "body_text": "It's {{ title }}"}
        seen = (await house.send("POST", admin, f"{path}/preview", draft)).json()
        assert seen["subject"] == "It's lr-sweep-0412"
        assert seen["body_text"].startswith("It's Batch")
        assert (await house.rows(tables.template)) == []

        saved = (await house.send("PUT", admin, path, draft)).json()
        assert (saved["subject"], saved["is_changed"], saved["updated_by_user_id"]) == (
            draft["subject"],
            True,
            admin.id,
        )
        assert (await house.send("POST", admin, f"{path}/preview")).json()["subject"] == "It's lr-sweep-0412"
        again = (await house.send("PUT", admin, path, draft | {"subject": "Other"})).json()
        assert again["subject"] == "Other"

        reset = (await house.send("POST", admin, f"{path}/reset")).json()
        assert (reset["subject"], reset["is_changed"]) == (one["subject"], False)
        assert (await house.rows(tables.template)) == []

    @pytest.mark.parametrize(("method", "ending"), [("PUT", ""), ("POST", "/preview")])
    async def test_a_broken_one_is_refused_with_its_line_and_not_stored(self, house, admin, method, ending):
        _, one = await self._one(house, admin)
        draft = {"subject": "s", "body_html": "<p>\n{{ batch.nope }}", "body_text": "t"}
        answer = await house.send(method, admin, f"{BASE}/{one['id']}{ending}", draft)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "template.invalid")
        assert (error["details"]["field"], error["details"]["line"]) == ("body_html", 2)
        assert "nope" in error["message"]
        assert (await house.rows(tables.template)) == []

    async def test_only_administrators_in_a_session(self, house, admin):
        ada = await house.person("ada")
        _, one = await self._one(house, admin)
        path = f"{BASE}/{one['id']}"
        for method, where in (("GET", BASE), ("GET", path), ("POST", f"{path}/preview"), ("POST", f"{path}/reset")):
            assert (await house.send(method, ada, where)).status_code == 403
            assert (await house.client.request(method, where)).status_code == 401

    async def test_a_text_of_longer_than_a_mail_or_with_a_nul_is_refused(self, house, admin):
        _, one = await self._one(house, admin)
        for text in ("x" * 70_000, "a\0b", ""):
            draft = {"subject": "s", "body_html": text, "body_text": "t"}
            assert (await house.send("PUT", admin, f"{BASE}/{one['id']}", draft)).status_code == 422


def _tags(html):
    counts = {"p": 0}

    class Counting(HTMLParser):
        def handle_starttag(self, tag, attrs):
            counts[tag] = counts.get(tag, 0) + 1

    Counting().feed(html)
    return counts
