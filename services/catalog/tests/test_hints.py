import pytest

from argus_catalog.meta.hints import hints_for, preferred_locale


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("", "en-US"),
        ("zh", "zh-CN"),
        ("fr, zh-TW;q=0.5", "en-US"),
        ("en;q=0.2, zh-CN;q=0.9", "zh-CN"),
        ("x;q=y", "en-US"),
    ],
)
def test_the_language_that_is_liked_best(language, locale):
    assert preferred_locale(language) == locale


def test_both_languages_have_the_same_texts():
    english, chinese = hints_for("en").hints, hints_for("zh").hints
    assert list(english) == list(chinese)
    assert len(english) == 11
    assert all(english[key] != chinese[key] for key in english)


async def test_hints_need_no_credential(world):
    answer = await world.client.get("/api/meta/hints", headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["locale"]) == (200, "zh-CN")
