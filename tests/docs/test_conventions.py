"""The reader of pages and the table of exceptions refuse what they should."""

from __future__ import annotations

import re

import doc_checks
import doc_exceptions
import doc_runs
import pytest
from doc_blocks import LANGUAGES, Block, PageError, chains, of_page, pages, read
from doc_translation import is_same


def page(*lines: str) -> list[Block]:
    return read("\n".join(lines), "p.md")


class TestPages:
    def test_have_blocks_with_language_line_and_text(self) -> None:
        (block,) = page("words", "```python", "x = 1", "```")
        assert (block.language, block.line, block.text) == ("python", 2, "x = 1\n")

    def test_may_hold_blocks_in_lists_and_tabs(self) -> None:
        (block,) = page("1. so:", "", "    ```bash", "    if true; then", "      true", "    fi", "    ```")
        assert block.text == "if true; then\n  true\nfi\n"

    @pytest.mark.parametrize("info", ["", "pyhton", "mermaid"])
    def test_with_a_block_of_no_known_language_are_refused(self, info: str) -> None:
        with pytest.raises(PageError, match=r"p\.md:1"):
            page(f"```{info}", "x", "```")

    @pytest.mark.parametrize(
        "lines",
        [
            ("<!-- test: contineus -->", "```bash", "true", "```"),
            ("<!-- test: exit=1 -->", "words", "```bash", "true", "```"),
            ("<!-- test-setup", "x = 1"),
            ("```bash", "true"),
        ],
    )
    def test_with_a_mark_or_fence_that_means_nothing_are_refused(self, lines: tuple[str, ...]) -> None:
        with pytest.raises(PageError):
            page(*lines)

    def test_put_together_what_continues(self) -> None:
        first = ("<!-- test: file=t.py -->", "```python", "x", "```")
        last = ("<!-- test: continues -->", "```bash", "python t.py", "```")
        assert [len(chain) for chain in chains(page(*first, *last, "```bash", "true", "```"))] == [2, 1]

    def test_with_a_file_that_nothing_runs_are_refused(self) -> None:
        with pytest.raises(PageError, match=r"nothing tries it"):
            chains(page("<!-- test: file=t.py -->", "```python", "x", "```"))

    def test_are_all_there_and_readable(self) -> None:
        for found in pages():
            chains(of_page(found))


class TestTranslations:
    def test_differ_in_comments_and_chinese_texts_alone(self) -> None:
        english = page("```python", 'print("hello", 1)  # greet', "```")
        assert is_same(page("```python", 'print("你好", 1)  # 问候', "```"), english)
        assert not is_same(page("```python", 'print("你好", 2)', "```"), english)
        assert not is_same(page("```python", 'print("hi", 1)', "```"), english)

    def test_of_shell_too(self) -> None:
        assert is_same(page("```bash", "argus ls  # 列出", "```"), page("```bash", "argus ls  # list", "```"))
        assert not is_same(page("```bash", "argus ls -j", "```"), page("```bash", "argus ls", "```"))


class TestExceptions:
    @pytest.mark.parametrize(
        "line",
        [
            "make nonsense",
            "docker compose -f compose.nowhere.yaml up",
            "docker compose exec nobody sh",
            "docker buildx bake nothing",
            "kubectl apply --kustomize deploy/k8s/nowhere",
            "pip install argus-reporterr",
            "pip install 'argus-reporter[nothing]'",
            "argus-server up --nothing",
            "argus-agent run --nothing",
            "argus login --nothing",
        ],
    )
    def test_are_checked(self, line: str) -> None:
        block = page("```bash", line, "```")[0]
        with pytest.raises(AssertionError, match=re.escape("p.md:1")):
            doc_runs.shell_text(block)

    @pytest.mark.parametrize("line", ["make up", "argus-server up", "docker compose up --detach", "pip install ./sdk"])
    def test_are_not_run(self, line: str) -> None:
        assert doc_runs.shell_text(page("```bash", line, "```")[0]) == ":"

    def test_leave_everything_else_to_be_run(self) -> None:
        assert (
            doc_runs.shell_text(page("```bash", "argus ls \\", "  --json", "```")[0]).strip() == "argus ls \\\n  --json"
        )

    def test_have_a_reason_each(self) -> None:
        assert all(exempt.reason for exempt in doc_exceptions.EXEMPT)


class TestData:
    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("json", "{1: 2}"),
            ("yaml", "a: [1"),
            ("yaml", "rules:\n  - when: nothing of the sort\n    push: [feishu]"),
            ("yaml", "services: {web: {imagee: x}}"),
            ("yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicass: 2}"),
            ("toml", "a ="),
            ("query", "model = "),
            ("env", "ARGUS_NO_SUCH_THING=1"),
            ("promql", "rate(up[5m]"),
            ("regex", "(a"),
            ("ini", "nothing"),
        ],
    )
    def test_that_is_wrong_is_found(self, language: str, text: str) -> None:
        with pytest.raises(AssertionError):
            doc_checks.check(Block("p.md", 1, language, text))

    def test_of_every_language_is_run_or_checked(self) -> None:
        assert set(doc_checks.CHECKS) | doc_runs.RUN | {"text"} == LANGUAGES
