"""The page of the Python SDK, from signatures and docstrings. Read as text: the adapters import frameworks that are not
here.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

SDK: Final = Path(__file__).resolve().parents[2] / "sdk" / "argus"

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Told(NamedTuple):
    """What a section tells of: names of a module, under the name that people import."""

    module: str
    names: tuple[str, ...]
    prefix: str = "argus."


SECTIONS: Final[tuple[tuple[str, str, tuple[Told, ...]], ...]] = (
    (
        "One run at a time",
        "For a script that trains one model.",
        (Told("_init.py", ("init", "log", "alert", "finish")), Told("_run.py", ("Run",))),
    ),
    (
        "Several jobs in one process",
        "For sweeps and studies: a batch and its jobs.",
        (Told("_reporter.py", ("Reporter",)), Told("_job.py", ("JobContext",))),
    ),
    (
        "Reading",
        "What was reported, by the [query language](../query.md).",
        (Told("_api.py", ("Api", "Jobs", "ApiError")),),
    ),
    (
        "Frameworks",
        "One callback each. Import it from its module; nothing of a framework is imported before.",
        (
            *(
                Told(f"integrations/{name}.py", ("ArgusCallback",), f"argus.integrations.{name}.")
                for name in ("lightning", "keras", "transformers", "optuna", "hydra")
            ),
            Told("integrations/_base.py", ("Options",), "argus.integrations."),
        ),
    ),
    (
        "Batch ids, pauses, older scripts",
        "",
        (
            Told("_ids.py", ("new_batch_id", "derive_batch_id")),
            Told("_pause.py", ("resume_path",)),
            Told("_resume.py", ("ResumeError",)),
            Told("_lowlevel.py", ("emit", "get_batch_id", "set_batch_id", "sub_env", "ExperimentReporter")),
        ),
    ),
)

_HEAD: Final = """# The Python SDK

`pip install argus-reporter` brings the package `argus`, which needs Python 3.11 or newer and nothing of a server:
what cannot be sent waits in a journal. Importing costs a training about ten milliseconds
([measured](../benchmarks.md)); calls in a loop cost microseconds, never wait for the network and never raise. How
to begin: [Start](../start.md); the commands: [argus](commands.md).
"""
# Names of the interpreter's protocols that a reader calls by a statement, not by name.
_SPOKEN: Final = {"__enter__": "with", "__iter__": "for"}
_PART: Final = re.compile(r"^(Parameters|Args|Returns|Raises|Attributes):\s*(.*)$")
_ENTRY: Final = re.compile(r"^(\S[^:]*): (.*)$")


def page() -> str:
    """The page."""
    parts = [_HEAD]
    for title, words, told in SECTIONS:
        parts.append(f"\n## {title}\n" + (f"\n{words}\n" if words else ""))
        parts += [text for one in told for text in _told(one)]
    return "".join(parts)


def _told(told: Told) -> Iterator[str]:
    tree = ast.parse((SDK / told.module).read_text())
    known = {node.name: node for node in ast.walk(tree) if isinstance(node, Function | ast.ClassDef)}
    for name in told.names:
        node = known[name]
        yield _class(node, told.prefix) if isinstance(node, ast.ClassDef) else _function(node, told.prefix, "###")


def _class(node: ast.ClassDef, prefix: str) -> str:
    methods = [one for one in node.body if isinstance(one, Function)]
    init = next((one for one in methods if one.name == "__init__"), None)
    name = f"{prefix}{node.name}"
    text = f"\n### {name}\n"
    if init is not None and not _is_made_by_us(node):
        text += _signature(name, init)
    text += _prose(ast.get_docstring(node) or "")
    text += _fields(node)
    for method in methods:
        if _is_shown(method):
            text += _method(method, node.name)
    return text


def _is_made_by_us(node: ast.ClassDef) -> bool:
    """Whether people get one from a function of ours, rather than making it."""
    return node.name in {"Run", "JobContext", "Jobs", "ApiError"}


def _is_shown(method: Function) -> bool:
    doc = ast.get_docstring(method) or ""
    is_named = not method.name.startswith("_") or method.name in _SPOKEN
    # Hooks that a framework calls, and parts of our own machinery, are nobody's to call.
    is_ours = method.name.startswith(("on_", "before_fork", "after_fork", "end_of_process"))
    return is_named and not is_ours and bool(doc) and not doc.startswith("See ")


def _method(method: Function, owner: str) -> str:
    decorators = {ast.unparse(one) for one in method.decorator_list}
    name = f"{owner}.{method.name}"
    if "property" in decorators:
        returns = f"\n`{ast.unparse(method.returns)}`, to be read.\n" if method.returns is not None else ""
        return f"\n#### {name}\n{returns}{_prose(ast.get_docstring(method) or '')}"
    if method.name in _SPOKEN:
        return f"\n#### {_SPOKEN[method.name]} {owner}\n{_prose(ast.get_docstring(method) or _iterates(method))}"
    return _function(method, f"{owner}.", "####")


def _iterates(method: Function) -> str:
    return f"Iterating gives `{ast.unparse(method.returns)}`." if method.returns is not None else ""


def _function(node: Function, prefix: str, level: str) -> str:
    name = f"{prefix}{node.name}"
    return f"\n{level} {name}\n{_signature(name, node)}{_prose(ast.get_docstring(node) or '')}"


def _signature(name: str, node: Function) -> str:
    """The call as one would write it, a parameter a line where it is long."""
    given = [*_arguments(node.args)]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None and node.name != "__init__" else ""
    line = f"{name}({', '.join(given)}){returns}"
    if len(line) > 100:
        line = f"{name}(\n" + "".join(f"    {one},\n" for one in given) + f"){returns}"
    return f"\n```text\n{line}\n```\n"


def _arguments(args: ast.arguments) -> Iterator[str]:
    plain = [one for one in (*args.posonlyargs, *args.args) if one.arg != "self"]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    for one, default in zip(plain, defaults, strict=True):
        yield _argument(one, default)
    if args.vararg is not None:
        yield f"*{_argument(args.vararg, None)}"
    elif args.kwonlyargs:
        yield "*"
    for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _argument(one, default)
    if args.kwarg is not None:
        yield f"**{args.kwarg.arg}"


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(one.annotation)}" if one.annotation is not None else ""
    equals = " = " if kind else "="
    return f"{one.arg}{kind}" + (f"{equals}{_value(default)}" if default is not None else "")


def _value(default: ast.expr) -> str:
    """A default as people write it: the value of a constant of ours in place of its name."""
    return _constants().get(default.id, default.id) if isinstance(default, ast.Name) else ast.unparse(default)


@cache
def _constants() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(SDK.glob("_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, ast.unparse(node.value)
                # Two modules with a private name of their own each: neither is meant.
                found[name] = value if found.get(name, value) == value else name
    return found


def _fields(node: ast.ClassDef) -> str:
    """Fields of a typed dictionary: what they take. A bar would end a cell."""
    rows = [
        f"| `{one.target.id}` | `{ast.unparse(one.annotation).replace(' | ', ' or ')}` |\n"
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    ]
    return "\n| option | takes |\n|---|---|\n" + "".join(rows) if rows else ""


def _prose(doc: str) -> str:
    """A docstring as Markdown: paragraphs, code that stands indented, and its parts as lists."""
    text, part, entries = "", "", list[str]()
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(doc)):
        lines = paragraph.split("\n")
        if opening := _PART.match(lines[0]):
            part = {"Args": "Parameters"}.get(opening[1], opening[1])
            entries = _entries([opening[2], *lines[1:]] if opening[2] else lines[1:])
            text += f"\n**{part}**\n\n" + "".join(f"- {entry}\n" for entry in entries)
        elif all(line.startswith("    ") for line in lines):
            code = inspect.cleandoc("\n".join(lines))
            text += f"\n```text\n{code}\n```\n"
        elif paragraph:
            text += f"\n{paragraph}\n"
    return text.replace("``", "`") if "```" not in text else text


def _entries(lines: list[str]) -> list[str]:
    found: list[str] = []
    for line in inspect.cleandoc("\n".join(["", *lines])).split("\n"):
        entry = _ENTRY.match(line)
        if entry and not line.startswith(" "):
            names = ", ".join(f"`{name.strip()}`" for name in entry[1].split(","))
            found.append(f"{names}: {entry[2]}")
        elif found:
            found[-1] += f" {line.strip()}"
        elif line.strip():
            found.append(line.strip())
    return found
