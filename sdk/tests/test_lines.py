"""From a terminal's text to a log's lines: real tqdm, and the habits of other bars."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress
from tqdm import tqdm

from argus._lines import BAR_INTERVAL_S, LONGEST_LINE, Lines


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Reading:
    """A `Lines` with what it gave so far."""

    def __init__(self):
        self.clock = Clock()
        self.given = []
        self.lines = Lines(lambda job, line: self.given.append((job, line)), self.clock)

    def feed(self, text, job="j"):
        self.lines.feed(job, text)
        return [line for _, line in self.given]

    def later(self, seconds=BAR_INTERVAL_S):
        self.clock.now += seconds
        self.lines.tick()
        return [line for _, line in self.given]

    def close(self):
        self.lines.close()
        return [line for _, line in self.given]


@pytest.fixture
def reading():
    return Reading()


class Stream(io.StringIO):
    """Gives a reader each write as it comes, as the console does."""

    def __init__(self, reading):
        super().__init__()
        self.reading = reading

    def write(self, text):
        self.reading.feed(text)
        return len(text)


class TestPlainText:
    def test_lines_come_when_they_end_and_the_last_at_the_close(self, reading):
        assert reading.feed("a\nb") == ["a"]
        assert reading.feed("c\r\n\n  \nd") == ["a", "bc"]
        assert reading.close() == ["a", "bc", "d"]

    def test_colours_titles_and_links_are_left_out(self, reading):
        text = "\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b(Bend\x07\n"
        assert reading.feed(text) == ["red link (Bend"] or reading.given[0][1] == "red link Bend"

    def test_an_escape_in_two_pieces_is_one(self, reading):
        reading.feed("a\x1b[")
        assert reading.feed("31mb\n") == ["ab"]

    def test_the_end_of_a_line_in_two_pieces_is_one(self, reading):
        reading.feed("a\r")
        assert reading.feed("\nb\n") == ["a", "b"]

    def test_a_long_line_comes_in_parts(self, reading):
        lines = reading.feed("x" * (2 * LONGEST_LINE + 5) + "\n")
        assert [len(line) for line in lines] == [LONGEST_LINE, LONGEST_LINE, 5]
        assert len(reading.feed("y" * (LONGEST_LINE + 1))) > 3

    def test_what_a_job_began_is_its_own(self, reading):
        reading.feed("a", job="one")
        reading.feed("b\n", job="two")
        assert reading.given == [("one", "a"), ("two", "b")]


class TestBars:
    def test_a_bar_of_tqdm_is_a_line_now_and_then_and_one_at_its_end(self, reading):
        bar = tqdm(total=1000, file=Stream(reading), mininterval=0, desc="train", ncols=60)
        for step in range(1000):
            bar.update()
            if step == 500:
                reading.later()
        assert len(reading.given) == 1
        bar.close()
        lines = reading.close()
        assert len(lines) == 2
        assert lines[0].startswith("train:  50%")
        assert lines[1].startswith("train: 100%")

    def test_nested_bars_are_told_apart(self, reading):
        stream = Stream(reading)
        with tqdm(total=3, file=stream, mininterval=0, desc="epochs", position=0) as outer:
            for _ in range(3):
                with tqdm(total=200, file=stream, mininterval=0, desc="batches", position=1, leave=False) as inner:
                    for _ in range(200):
                        inner.update()
                    reading.later()
                outer.update()
        lines = reading.close()
        assert len(lines) <= 10
        assert sum(line.startswith("epochs: 100%") for line in lines) == 1
        assert sum("200/200" in line for line in lines) == 3

    def test_a_message_between_two_states_of_a_bar_is_a_line(self, reading):
        stream = Stream(reading)
        bar = tqdm(total=10, file=stream, mininterval=0)
        for step in range(10):
            bar.update()
            bar.clear()
            stream.write(f"loss at step {step} of 10: 0.5\n")
            bar.refresh()
        assert [line for _, line in reading.given if line.startswith("loss")] == [
            f"loss at step {step} of 10: 0.5" for step in range(10)
        ]
        assert len(reading.given) == 10

    def test_keras_writes_over_itself_with_backspaces_too(self, reading):
        for step in range(1, 101):
            reading.feed("\b" * 40 + f"\r\x1b[1m{step:3}/100\x1b[0m \x1b[32m━━━━\x1b[0m 0s 10ms/step - loss: 0.5")
        reading.feed("\n")
        assert [line for _, line in reading.given] == ["100/100 ━━━━ 0s 10ms/step - loss: 0.5"]

    def test_rows_that_are_written_again_are_bars(self, reading):
        rows = "\n".join(f"task{row} ━━━━╸ 10%" for row in range(3))
        reading.feed(rows)
        before = len(reading.given)
        for _ in range(200):
            reading.feed("\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K" + rows)
        assert len(reading.given) - before <= 3

    def test_bars_of_rich_are_bars_too(self, reading):
        console = Console(file=Stream(reading), force_terminal=True, width=80, color_system="truecolor")
        with Progress(console=console, auto_refresh=False) as progress:
            tasks = [progress.add_task(f"part {name}", total=200) for name in "abc"]
            for _ in range(200):
                for task in tasks:
                    progress.advance(task)
                progress.refresh()
            progress.console.print("a message")
        lines = reading.close()
        assert "a message" in lines
        assert len(lines) <= 15  # of 600 states
        assert sum("100%" in line for line in lines) >= 3

    def test_a_bar_that_is_wiped_away_leaves_its_last_state(self, reading):
        reading.feed("\rdown: 40%|####    |\r                    \r")
        assert reading.close() == ["down: 40%|####    |"]

    def test_a_bar_that_stands_still_is_told_once(self, reading):
        reading.feed("\rdown: 40%|####    |\rdown: 40%|####    |")
        assert len(reading.later()) == 1
        assert len(reading.later()) == 1

    def test_many_bars_take_no_more_room_than_some(self, reading):
        for number in range(500):
            name = "".join(chr(97 + int(digit)) for digit in str(number))
            reading.feed(f"\r{name}:  10%|#   |")
        assert len(reading.lines._bars) <= 64
        assert len(reading.close()) == 500


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text(st.sampled_from("ab1%\r\n\x1b[A|█ "), max_size=30))))
def test_no_text_is_lost_unless_it_was_written_over(pieces):
    """However it is cut: text without carriage returns and escapes comes out whole."""
    reading = Reading()
    for job, text in pieces:
        reading.feed(text.replace("\r", "").replace("\x1b", ""), job)
    whole = "".join(text.replace("\r", "").replace("\x1b", "") for _, text in pieces)
    assert "".join("".join(reading.close()).split()) == "".join(whole.split())


@settings(deadline=None)
@given(st.text(st.sampled_from("ab1%\r\n\x1b[A|█ 2K"), max_size=200), st.data())
def test_how_the_text_is_cut_makes_no_difference(text, data):
    at_once, cut = Reading(), Reading()
    at_once.feed(text)
    while text:
        length = data.draw(st.integers(1, len(text)))
        cut.feed(text[:length])
        text = text[length:]
    assert cut.close() == at_once.close()
