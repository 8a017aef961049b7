"""What is told at once, what is counted, and that nothing is lost in between."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.grouping.admission import said
from argus_notifier.grouping.counting import counted, shown
from argus_notifier.grouping.reasons import OTHER, kind_of_crash
from argus_notifier.grouping.wording import many, together

START = datetime(2026, 11, 26, 12, tzinfo=UTC)
BATCH = Batch(1, "sweep", "p", 1)


def failures(first, count=1, reason="RuntimeError: boom"):
    return [
        Occurrence("job_failed", f"k{n}", "error", START, BATCH, job_id=f"j{n}", data={"reason": reason})
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Loss spike at step 4810", "Loss spike at step 4820", True),
        ("acc 0.93, lr 1e-4", "acc 93, lr -2.5E+3", True),
        ("loss nan", "loss 3.5", True),
        ("Took 00:12:03", "Took 1", True),
        ("Disk is slow", "Disk is full", False),
        ("Infinite loop", "3inite loop", False),
        ("Fold 1 of resnet", "Fold 1 of vit", False),
    ],
)
def test_alerts_are_alike_but_for_their_numbers(one, other, alike):
    alerts = [Occurrence("alert", "k", "info", START, BATCH, data={"title": title}) for title in (one, other)]
    assert (said(alerts[0]) == said(alerts[1])) is alike


class TestCounted:
    def test_the_first_is_told_the_others_are_counted(self):
        one, begins = counted(None, failures(0), START, 60)
        assert begins
        assert (one.count, one.told, one.due_at) == (1, 1, None)
        two, begins = counted(one, failures(1, 5), START + timedelta(seconds=0.5), 60)
        assert not begins
        assert (two.count, two.told, two.due_at) == (6, 1, START + timedelta(seconds=1.5))
        assert two.reasons == {"RuntimeError": 6}

    def test_a_job_is_named_once_however_often_it_is_meant(self):
        known, _ = counted(None, [*failures(0, 2), *failures(0, 2)], START, 60)
        known, _ = counted(known, failures(1, 2), START, 60)
        assert (known.count, known.job_ids) == (6, ["j0", "j1", "j2"])

    def test_the_longer_it_lasts_the_seldomer_it_is_shown_and_last_at_its_end(self):
        known, _ = counted(None, failures(0), START, 60)
        written = []
        for second in range(1, 70):
            at = START + timedelta(seconds=second)
            if second < 60:
                known, _ = counted(known, failures(second), at, 60)
            if known.due_at is not None and known.due_at <= at:
                known, _ = shown(known, at)
                written.append(second)
        assert written == [2, 6, 14, 30, 60]
        assert (known.shown, known.told, known.is_open) == (60, 60, False)

    def test_the_same_bundle_again_counts_nothing(self):
        one, _ = counted(None, failures(0), START, 60)
        two, _ = counted(one, failures(1, 5), START, 60)
        assert counted(two, failures(1, 5), START + timedelta(seconds=31), 60) == (two, False)
        assert counted(two, failures(0), START + timedelta(hours=2), 60) == (two, False)

    def test_after_the_window_the_next_is_a_first_again(self):
        one, _ = counted(None, failures(0), START, 60)
        _, begins = counted(one, failures(1), START + timedelta(seconds=61), 60)
        assert begins

    def test_a_window_that_nobody_closed_goes_on(self):
        one, _ = counted(None, failures(0), START, 60)
        two, _ = counted(one, failures(1), START + timedelta(seconds=5), 60)
        three, begins = counted(two, failures(2), START + timedelta(seconds=90), 60)
        assert (three.count, begins) == (3, False)

    @given(
        st.lists(st.tuples(st.integers(1, 30), st.floats(0, 40), st.booleans()), max_size=40),
        st.integers(1, 120),
    )
    def test_each_is_told_once_and_what_is_kept_is_bounded(self, bundles, window_s):
        known, at, told, sent, first = None, START, 0, 0, 0
        for size, gap, looks in bundles:
            at += timedelta(seconds=gap)
            some = failures(first, size, reason=f"E{first % 40}: x")
            first, sent = first + size, sent + size
            before = known
            known, begins = counted(known, some, at, window_s)
            if begins:
                assert before is None or not before.is_open
                told += size
            assert len(known.reasons) <= 13
            assert len(known.job_ids) <= 20
            assert len(known.counted) <= 64
            if looks and known.due_at is not None and known.due_at <= at:
                was = known
                known, is_over = shown(known, at)
                told += (was.count - was.told) if is_over else 0
        if known is not None and known.is_open:
            assert known.due_at is not None
            told += known.count - known.told
        assert told == sent


class TestReasons:
    @pytest.mark.parametrize(
        ("reason", "kind"),
        [
            (None, ""),
            ("", ""),
            ("Traceback (most recent call last):\n  File x\nRuntimeError: shape [3] is invalid", "RuntimeError"),
            ("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", "out of memory"),
            ("exit code 137", "exit code 137"),
        ],
    )
    def test_table(self, reason, kind):
        assert kind_of_crash(reason) == kind


class TestWords:
    def test_reasons_are_told_by_their_number(self):
        data = {"count": 12, "reasons": {"ValueError": 2, "out of memory": 7, OTHER: 1}, "job_ids": ["a", "b"]}
        title, body = many("job_failed", "lr-sweep", data, "en-US")
        assert title == "12 jobs of lr-sweep failed"
        assert body.splitlines() == [
            "7 × out of memory",
            "2 × ValueError",
            "1 × other reasons",
            "2 × no reason given",
            "a, b, and 10 more",
        ]
        assert many("job_failed", "lr-sweep", data, "zh-CN")[0] == "批次 lr-sweep 的 12 个任务失败"

    def test_what_waited_is_told_together(self):
        assert together(["a"], 1, "en-US") == ("a", "")
        assert together(["a", "b"], 3, "en-US") == ("a (+2 more)", "a\nb\nand 1 more")
