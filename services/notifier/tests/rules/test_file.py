"""The rule file of the contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.rules.file import FileError, read


def rule(when):
    (found,) = read(f"rules:\n  - when: '{when}'\n    push: [feishu]\n").rules
    return found


class TestCondition:
    @pytest.mark.parametrize(
        ("when", "event", "data", "holds"),
        [
            ('event_type == "job_failed"', "job_failed", {}, True),
            ('event_type == "job_failed"', "job_done", {}, False),
            ('event_type != "job_failed"', "job_done", {}, True),
            ("data.loss > 3", "job_epoch", {"loss": 3.5}, True),
            ("data.loss > 3", "job_epoch", {"loss": 3}, False),
            ("data.loss > 3", "job_epoch", {}, False),
            ("data.loss != 3", "job_epoch", {}, False),
            ("data.loss > 3", "job_epoch", {"loss": "NaN"}, False),
            ("data.loss == 1", "job_epoch", {"loss": True}, False),
            ("data.ok == true", "job_epoch", {"ok": True}, True),
            ("data.ok == null", "job_epoch", {"ok": None}, True),
            ('data.note == "a and b"', "job_epoch", {"note": "a and b"}, True),
            ('event_type == "job_epoch" and data.val_loss >= 1e1', "job_epoch", {"val_loss": 10}, True),
            ('event_type == "job_epoch" and data.val_loss >= 1e1', "job_done", {"val_loss": 10}, False),
        ],
    )
    def test_table(self, when, event, data, holds):
        assert rule(when).matches(event, data) is holds

    @given(
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.one_of(st.floats(allow_nan=False), st.text(), st.booleans(), st.none(), st.lists(st.integers())),
    )
    def test_any_value_of_an_event_has_an_answer(self, operator, value):
        assert rule(f"data.x {operator} 3").matches("job_epoch", {"x": value}) in {True, False}


class TestRead:
    def test_a_file_with_a_webhook(self):
        found = read(
            "channels:\n  feishu:\n    webhook: https://open.feishu.invalid/a\n"
            "rules:\n  - when: data.loss > 3\n    push: feishu\n"
        )
        assert found.feishu == "https://open.feishu.invalid/a"
        assert [one.push for one in found.rules] == [("feishu",)]

    @pytest.mark.parametrize("text", ["", "# nothing\n", "rules:\n", "rules: []\n"])
    def test_nothing_is_no_fault(self, text):
        assert read(text).rules == ()

    @pytest.mark.parametrize(
        ("text", "line", "says"),
        [
            ("rules:\n  - when: data.loss >\n    push: [feishu]\n", 2, "not understood"),
            ("rules:\n  - when: data.loss > high\n    push: [feishu]\n", 2, "texts are quoted"),
            ("rules:\n  - when: data.loss > 3\n    push:\n      - feishu\n      - pager\n", 5, "`pager` is no channel"),
            ("rules:\n  - when: data.loss > 3\n", 2, "no `push`"),
            ("rules:\n  - push: [feishu]\n", 2, "no `when`"),
            ("rules:\n  - when: data.a > 1 and data.b > 1 and data.c > 1\n    push: [feishu]\n", 2, "two parts"),
            ("rules:\n  - when: data.a < null\n    push: [feishu]\n", 2, "neither more nor less"),
            ("rules:\n  - whem: data.a < 1\n", 2, "`whem` is not known"),
            ("rules: 3\n", 1, "is a list"),
            ("- 3\n", 1, "made of lines"),
            ("rules:\n  - when: [\n", 3, "no YAML"),
            ("channels:\n  feishu:\n    webhook: open.feishu.cn\n", 3, "no address"),
        ],
    )
    def test_a_fault_is_told_with_its_line(self, text, line, says):
        with pytest.raises(FileError) as refused:
            read(text)
        assert refused.value.line == line
        assert says in str(refused.value)
        assert str(refused.value).startswith(f"line {line}: ")

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, text):
        try:
            read(text)
        except FileError as error:
            assert error.line >= 1
