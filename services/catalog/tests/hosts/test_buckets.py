from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_catalog.hosts.buckets import Sample, buckets

T0 = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def sample(second, batch_id, total, part):
    return Sample(T0 + timedelta(seconds=second), batch_id, total, part)


def test_a_bucket_holds_means_not_sums():
    found = buckets([sample(s, "a", 100.0, 40.0) for s in (0, 10, 20, 30)], 60)
    assert [(b.at, b.total, b.by_batch) for b in found] == [(T0, 100.0, {"a": 40.0})]


def test_batches_stand_beside_each_other():
    found = buckets([sample(0, "a", 100.0, 40.0), sample(5, "b", 120.0, 60.0), sample(70, "a", 50.0, 10.0)], 60)
    assert [b.by_batch for b in found] == [{"a": 40.0, "b": 60.0}, {"a": 10.0}]
    assert [b.total for b in found] == [110.0, 50.0]


def test_parts_that_exceed_the_whole_are_scaled_down():
    found = buckets([sample(0, "a", 100.0, 150.0), sample(0, "b", 100.0, 50.0)], 60)
    assert found[0].by_batch == {"a": 75.0, "b": 25.0}


def test_a_share_divides_the_whole():
    found = buckets([sample(0, "a", 80.0, 3000.0), sample(0, "b", 80.0, 1000.0)], 60, is_share=True)
    assert found[0].by_batch == {"a": 60.0, "b": 20.0}


@pytest.mark.parametrize(("total", "part"), [(None, None), (50.0, None)])
def test_what_is_not_known_is_left_out(total, part):
    assert buckets([sample(0, "a", total, part)], 60)[0] == (T0, total, {})


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from("abc"), st.floats(0, 1e5), st.one_of(st.none(), st.floats(0, 1e6))
        ),
        min_size=1,
        max_size=40,
    ),
    st.booleans(),
)
def test_a_stack_never_rises_above_the_whole(rows, is_share):
    for bucket in buckets([sample(*row) for row in rows], 60, is_share=is_share):
        assert sum(bucket.by_batch.values()) <= bucket.total + 1e-3
