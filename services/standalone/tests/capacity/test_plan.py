"""The capacity calculator: what it refuses, what follows from what, and that its figures and pages are those that were
measured.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from bench.costs import FILE, costs
from bench.results import Results
from typer.testing import CliRunner

from argus_contracts.bus import LIVE_BYTES
from argus_executor.batches.polls import APART_S
from argus_standalone.capacity import page
from argus_standalone.capacity.costs import Costs, measured
from argus_standalone.capacity.limits import limits, size
from argus_standalone.capacity.load import InvalidLoadError, Load, seconds_of
from argus_standalone.capacity.model import LEAST, QUESTIONS_APART_S, needs, statements
from argus_standalone.capacity.show import Language
from argus_standalone.cli import app

ZERO = {"request": 0.0, "event": 0.0, "number": 0.0}
GROUPS = ("frame", "page", "stop_poll", "stop_round", "agent_second", "merge")


def of_cost(**cpu_us: dict[str, float]) -> Costs:
    """Costs in which only this takes time."""
    groups: dict[str, dict[str, float]] = {name: {} for name in (*ZERO, *GROUPS)} | cpu_us
    amounts = dict.fromkeys(("bus", "wal", "disk", "sent"), ZERO)
    memory = {"stream": 100.0, "agent": 10.0}
    return Costs("never", groups, amounts, 8.0, 500.0, 1e4, memory, 100.0, {"ingest": 3.0})


class TestLoad:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("10s", 10), ("500ms", 0.5), ("2m", 120), ("2min", 120), ("1h", 3600), (" 7 ", 7), ("1.5s", 1.5)],
    )
    def test_a_time_is_read(self, text: str, seconds: float) -> None:
        assert seconds_of(text) == seconds

    @pytest.mark.parametrize("text", ["", "s", "-1s", "ten", "10 weeks", "1e3s", "nan"])
    def test_what_is_no_time_is_none(self, text: str) -> None:
        assert seconds_of(text) is None

    def test_all_faults_are_told_at_once(self) -> None:
        with pytest.raises(InvalidLoadError) as refused:
            Load.of(0, -1, "soon", hosts=0, viewers=-3, retention_days=math.nan)
        said = str(refused.value).splitlines()
        assert [line.split()[0] for line in said] == [
            "--jobs", "--metrics", "--hosts", "--viewers", "--retention", "--interval",
        ]  # fmt: skip

    def test_there_are_no_more_hosts_than_jobs(self) -> None:
        with pytest.raises(InvalidLoadError, match="run on as many hosts at most"):
            Load.of(5, hosts=6)

    def test_hosts_and_viewers_have_a_guess(self) -> None:
        load = Load.of(1_000)
        assert (load.hosts, load.viewers) == (125, 10)

    def test_rates(self) -> None:
        rates = Load.of(3_000, 50, "10s", viewers=2).rates()
        assert rates.events == pytest.approx(300 + 100 + 10)
        assert rates.numbers == pytest.approx(300 * 50)
        assert rates.stop_polls == pytest.approx(300)
        assert rates.frames == pytest.approx(2 * 20 / 10)

    def test_a_client_sends_twice_a_second_at_most(self) -> None:
        rates = Load.of(100, interval="10ms").rates()
        assert rates.epochs == pytest.approx(10_000)
        assert rates.requests == pytest.approx(100 * 2 + 100 / 30 + 100 / 300)


class TestNeeds:
    def test_nothing_to_do_takes_two_of_each(self) -> None:
        found = needs(Load.of(1), of_cost())
        assert {part.replicas for part in found.parts.values()} == {0, LEAST}

    def test_processors_are_the_sum_of_what_is_done(self) -> None:
        cost = of_cost(request={"ingest": 100.0}, event={"ingest": 10.0, "postgres": 20.0}, number={"ingest": 1.0})
        load = Load.of(30_000, 10, "10s")
        rates, found = load.rates(), needs(load, cost)
        expected = (100 * rates.requests + 10 * rates.events + rates.numbers) / 1e6
        assert found.parts["ingest"].cores == pytest.approx(expected)
        assert found.parts["postgres"].cores == pytest.approx(20 * rates.events / 1e6)
        assert found.parts["ingest"].replicas == max(LEAST, math.ceil(expected / 0.6))

    def test_streams_and_polls_need_replicas_that_hold_them(self) -> None:
        found = needs(Load.of(200_000, viewers=16_000, hosts=21_000), of_cost())
        assert found.parts["realtime"].replicas == 4
        assert found.parts["executor"].replicas == 5
        assert found.parts["realtime"].memory_mib == pytest.approx(100 + 4_000 * 100 / 1024)

    @pytest.mark.parametrize(
        ("polls", "replicas", "expected"),
        # Seldom, each has one of its own; at 50 a second of a replica 1 + 1/e share one; at thousands, all of a moment.
        [(0.1, 2, 0.1), (50, 1, 50 / (1 + math.exp(-1))), (100, 2, 100 / (1 + math.exp(-1))), (10_000, 2, 100)],
    )
    def test_questions_of_a_moment_share_a_statement(self, polls: float, replicas: int, expected: float) -> None:
        assert statements(polls, replicas) == pytest.approx(expected, rel=1e-3)

    def test_the_moment_is_that_of_executor(self) -> None:
        assert QUESTIONS_APART_S == APART_S

    def test_what_is_shared_is_paid_by_the_statement(self) -> None:
        cost = of_cost(stop_poll={"executor": 100.0, "traefik": 50.0}, stop_round={"executor": 2_000.0})
        few, many = (needs(Load.of(jobs, hosts=1), cost).parts for jobs in (10, 120_000))
        # One a second is alone nearly always. Of 12,000 each replica answers all of a moment together.
        assert few["executor"].cores == pytest.approx(2_100 / 1e6, rel=0.02)
        assert many["executor"].replicas == 3
        assert many["executor"].cores == pytest.approx(12_000 * 100 / 1e6 + 3 * 50 * 2_000 / 1e6, rel=1e-3)
        assert many["traefik"].cores == pytest.approx(0.6)

    def test_curves_grow_by_their_points(self) -> None:
        found = needs(Load.of(1_000, 10, "10s"), of_cost())
        assert found.curve_bytes_a_year == pytest.approx(365 * 86_400 * 1_000 * 8)

    def test_what_is_kept_longer_takes_more(self) -> None:
        short, long = (needs(Load.of(1_000, retention_days=days), measured()) for days in (1, 30))
        assert short.raw_bytes < long.raw_bytes

    @pytest.mark.parametrize("more", [{"jobs": 20_000}, {"metrics": 100}, {"interval": "1s"}, {"viewers": 2_000}])
    def test_more_never_takes_less(self, more: dict[str, int | str]) -> None:
        less: dict[str, Any] = {"jobs": 10_000, "metrics": 10, "interval": "10s", "viewers": 100}
        one, two = (needs(Load.of(**said), measured()) for said in (less, less | more))
        for name, part in one.parts.items():
            assert two.parts[name].cores >= part.cores
            assert two.parts[name].replicas >= part.replicas
        assert two.stream_bytes >= one.stream_bytes
        assert two.stream_s <= one.stream_s

    def test_the_stream_holds_three_days_until_they_do_not_fit(self) -> None:
        few, many = (needs(Load.of(jobs), measured()) for jobs in (1, 10_000))
        assert (few.stream_s, few.stream_bytes < LIVE_BYTES) == (72 * 3600, True)
        assert many.stream_bytes == LIVE_BYTES
        assert many.stream_s * many.bus_bytes_s == pytest.approx(LIVE_BYTES)


class TestLimits:
    def test_the_first_to_give_way_stands_in_front(self) -> None:
        shares = [one.share for one in limits(needs(Load.of(100_000, 50), measured()))]
        assert shares == sorted(shares, reverse=True)

    def test_each_says_what_to_do(self) -> None:
        assert all(one.advice.endswith(".") for one in limits(needs(Load.of(10), measured())))

    def test_what_is_too_much_is_called_so(self) -> None:
        found = {one.name: one for one in limits(needs(Load.of(10_000_000, 1_000, "1s"), measured()))}
        assert found["database-disk"].verdict == "too much"
        assert {one.verdict for one in limits(needs(Load.of(1), measured()))} == {"fits"}

    @pytest.mark.parametrize(
        ("count", "text"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2.5e11, "250 GB"), (5e15, "5000 TB")]
    )
    def test_bytes_for_people(self, count: float, text: str) -> None:
        assert size(count) == text


class TestFigures:
    def test_the_costs_are_what_was_measured(self) -> None:
        assert json.loads(FILE.read_text()) == costs(Results()), "run `make bench ARGS=--report`"

    def test_every_figure_says_where_it_comes_from(self) -> None:
        said = json.loads(FILE.read_text())
        assert all(group["from"] and group["unit"] for name, group in said.items() if name != "measured")

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_the_tables_of_the_page_are_the_plans(self, language: Language) -> None:
        path = page.PAGES[language]
        assert page.written(path, language) == path.read_text(), "run `python -m argus_standalone.capacity.page`"


class TestCommand:
    def test_a_plan_for_people(self) -> None:
        said = CliRunner().invoke(app, ["plan", "--jobs", "100000", "--metrics", "50", "--interval", "10s"])
        assert said.exit_code == 0
        for part in ("100,000 live jobs", "ingest", "postgres", "JetStream", "what gives way"):
            assert part in said.output

    def test_a_plan_for_programs(self) -> None:
        said = CliRunner().invoke(app, ["plan", "--jobs", "1000", "--json"])
        found = json.loads(said.output)
        assert found["load"]["jobs"] == 1_000
        assert found["programs"]["ingest"]["replicas"] >= LEAST
        assert found["rates_per_second"]["events"] == pytest.approx(1_000 * (1 / 10 + 1 / 30 + 1 / 300), abs=0.001)
        assert found["limits"][0]["share"] >= found["limits"][-1]["share"]

    def test_a_fault_is_told_and_nothing_else(self) -> None:
        said = CliRunner().invoke(app, ["plan", "--jobs", "0", "--interval", "often"])
        assert said.exit_code == 2
        assert "--jobs is 0, and it is from 1 to 10,000,000." in said.output
        assert "Traceback" not in said.output
