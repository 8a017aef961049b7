"""`argus alert` from a shell script."""

from __future__ import annotations


class TestAlert:
    def test_who_watches_the_batch_is_told(self, argus, known, post, wait_until):
        post("watched", ("batch_start", None, {}), ("job_start", "a", {}))
        assert (
            "is told" in argus("alert", "Half way", "5 of 10", "--level", "warn", "--batch", "watched", "-j", "a").out
        )
        wait_until(lambda: inbox(known), 30)
        told = inbox(known)[0]
        assert (told["title"], told["body"], told["severity"]) == ("Half way", "5 of 10", "warn")
        assert (told["batch_id"], told["job_id"]) == ("watched", "a")

    def test_inside_of_a_run_the_batch_is_known(self, argus, known, post, monkeypatch):
        post("running-here", ("batch_start", None, {}))
        monkeypatch.setenv("ARGUS_BATCH_ID", "running-here")
        assert argus("alert", "From inside", "--json").json["status"] == "accepted"
        items = known.get("/api/batches/running-here/activity")["items"]
        assert (items[0]["event_type"], items[0]["detail"]) == ("alert", "From inside")

    def test_without_a_batch_it_says_so(self, argus, known):
        answer = argus("alert", "Nobody hears")
        assert answer.code == 2
        assert "--batch" in answer.err

    def test_a_level_that_is_none_is_refused(self, argus, known):
        assert argus("alert", "x", "--level", "loud", "--batch", "b").code == 2


def inbox(person):
    return [one for one in person.get("/api/notifications") if one["rule_id"] == "alert"]
