"""What a template may hold: Jinja's variables, conditions and loops, a few filters, and nothing that could run away.

Templates are typed in a browser, and an administrator's account may be a thief's. So there is a list of what is
allowed: no calls, no arithmetic, no macros, no other files, loops two deep at most. What is put in is escaped in HTML,
and no filter says otherwise: what a job or a person is called never becomes markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from argus_notifier.templates.errors import TemplateBroken

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.List,
    nodes.Tuple,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
)
_FILTERS: Final = (
    "capitalize", "d", "default", "e", "escape", "first", "float", "int", "join", "last", "length", "lower", "replace",
    "round", "title", "trim", "truncate", "upper",
)  # fmt: skip
_DEEPEST_LOOP: Final = 2


class _Missing(jinja2.StrictUndefined):
    """Says what is not there in words for whoever writes the template."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f'There is no variable "{self._undefined_name}" here.'


@lru_cache(maxsize=512)
def check(source: str) -> None:
    """Refuse what is no template.

    Raises:
        TemplateBroken: with the line.
    """
    try:
        tree = _environment(is_html=False, is_strict=True).parse(source)
        _walk(tree, 0)
        _compiled(source, is_html=False, is_strict=True)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateBroken(error.message or "This is not a template.", error.lineno) from error
    except RecursionError as error:
        raise TemplateBroken("This is nested too deeply.", 0) from error


def fill(source: str, variables: Mapping[str, Any], *, is_html: bool, is_strict: bool = False) -> str:
    """The text with its variables put in. What is missing is empty; where `is_strict`, it is an error.

    Raises:
        TemplateBroken: it is no template, or something is missing or cannot be used as it is.
    """
    check(source)
    try:
        return _compiled(source, is_html=is_html, is_strict=is_strict).render(variables)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateBroken(str(error) or type(error).__name__, _line_of(error)) from error


def _walk(node: nodes.Node, loops: int) -> None:
    if not isinstance(node, _ALLOWED):
        name = type(node).__name__.lower()
        raise TemplateBroken(f"A template cannot hold this ({name}).", node.lineno)
    loops += isinstance(node, nodes.For)
    if loops > _DEEPEST_LOOP:
        raise TemplateBroken(f"Loops can be {_DEEPEST_LOOP} deep at most.", node.lineno)
    for child in node.iter_child_nodes():
        _walk(child, loops)


@lru_cache(maxsize=4)
def _environment(*, is_html: bool, is_strict: bool) -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=is_html,
        undefined=_Missing if is_strict else jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.globals = {}
    return environment


@lru_cache(maxsize=512)
def _compiled(source: str, *, is_html: bool, is_strict: bool) -> jinja2.Template:
    return _environment(is_html=is_html, is_strict=is_strict).from_string(source)


def _line_of(error: BaseException) -> int:
    """Where in the template an error arose: Jinja gives its frames the template's lines."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
