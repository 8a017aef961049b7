import pytest

from argus_kit.errors import ArgusError
from argus_realtime.channels import parse_channels


def test_trims_removes_duplicates_and_keeps_the_order():
    found = parse_channels(" job:b:j , batch:b,,batch:b, inbox ", at_most=64)
    assert [selector.text for selector in found] == ["job:b:j", "batch:b", "inbox"]


def test_a_jobs_channel_splits_at_the_first_colon_after_the_batch():
    (found,) = parse_channels("job:b:j:with:colons", at_most=64)
    assert (found.batch_id, found.job_id) == ("b", "j:with:colons")


def test_a_batch_id_may_hold_colons():
    (found,) = parse_channels("batch:a:b", at_most=64)
    assert found.batch_id == "a:b"


@pytest.mark.parametrize("text", ["", " , ,"])
def test_no_channel(text):
    with pytest.raises(ArgusError) as raised:
        parse_channels(text, at_most=64)
    assert (raised.value.status, raised.value.code) == (400, "stream.channels_empty")


@pytest.mark.parametrize(
    "text", ["garbage", "batch:", "batch", "job:b", "job:b:", "job::j", "project:x", "visible:x", "deliveries:"]
)
def test_a_channel_that_cannot_be_understood(text):
    with pytest.raises(ArgusError) as raised:
        parse_channels(f"batch:ok,{text}", at_most=64)
    assert (raised.value.status, raised.value.code) == (400, "stream.channel_invalid")


def test_too_many_channels_names_the_count_and_the_limit():
    with pytest.raises(ArgusError) as raised:
        parse_channels(",".join(f"batch:{n}" for n in range(65)), at_most=64)
    assert raised.value.status == 400
    assert "65" in raised.value.message
    assert "64" in raised.value.message
