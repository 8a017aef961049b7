"""What is wrong with a template."""

from __future__ import annotations


class TemplateBroken(Exception):
    """A template that is none, or that asks for what is not there. `line` counts from 1; 0: it is not known.

    `field` is the part of the mail in which it stands, once that is known.
    """

    field = ""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
