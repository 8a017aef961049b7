"""Checks the blocks that are no program: data by its parser and schema, queries by the query language, and so on."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from doc_blocks import ROOT, Block

_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}


def check(block: Block) -> None:
    """Check one block.

    Raises:
        AssertionError: it is not what its language says.
    """
    CHECKS[block.language](block.text)


def _json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        lines = [line for line in text.split("\n") if line.strip()]
        for line in lines:  # or an object a line
            assert isinstance(_parsed(json.loads, line), dict), f"no JSON: {line}"


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise AssertionError(f"{error}\n{text}") from error


def _toml(text: str) -> None:
    _parsed(tomllib.loads, text)


def _yaml(text: str) -> None:
    import yaml

    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as error:
        raise AssertionError(f"{error}\n{text}") from error
    for document in documents:
        if isinstance(document, dict):
            _known_shape(document, text)


def _known_shape(document: Mapping[str, Any], text: str) -> None:
    if "rules" in document and "when" in str(document["rules"]):
        from argus_notifier.rules.file import read

        _parsed(read, text)
    elif "services" in document:
        done = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "-"],
            input=json.dumps(document), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    elif document.keys() & {"scrape_configs", "alerting"}:
        _promtool(text)
    elif document.get("kind") == "Kustomization":
        from kustomize import KNOWN

        assert set(document) <= KNOWN | {"images", "secretGenerator"}, f"a kustomization with {set(document) - KNOWN}"
        for name in re.findall(r"deploy/k8s[\w/.-]*", text):
            assert (ROOT / name).exists(), f"there is no {name}"
    elif "apiVersion" in document and "kind" in document:
        from kubernetes_check import schema_problems

        found = list(schema_problems([dict(document)]))
        assert not found, "\n".join(found)


def _promtool(text: str) -> None:
    if shutil.which("promtool"):
        done = subprocess.run(
            ["promtool", "check", "config", "/dev/stdin"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _query(text: str) -> None:
    from argus_query.errors import QueryError
    from argus_query.parser import parse

    for line in text.strip().split("\n"):
        try:
            parse(line)
        except QueryError as error:
            raise AssertionError(f"{error}\n{line}") from error


def queries(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """What `POST /api/query` is asked in these blocks: every line of a query, and bodies as JSON. Each once."""
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        if block.language == "query":
            found |= {line: {"query": line} for line in block.text.strip().split("\n")}
        elif block.language == "json" and '"query":' in block.text:
            body = json.loads(block.text)
            found[block.text] = body
    return list(found.values())


def _env(text: str) -> None:
    import yaml

    from argus_standalone import reference

    settings = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    settings |= set(re.findall(r"`(ARGUS_[A-Z_0-9]+)`", reference.page()))
    for name in ("compose.yaml", "compose.acme.yaml", "compose.observability.yaml"):
        settings |= set(re.findall(r"\$\{([A-Z_]+)", yaml.safe_dump(yaml.safe_load((ROOT / name).read_text()))))
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        named = re.fullmatch(r"(?:export )?([A-Z][A-Z0-9_]*)=.*", line)
        assert named, f"no NAME=value: {line}"
        if named[1].startswith("ARGUS_"):
            assert named[1].removesuffix("_FILE") in settings or named[1] in settings, f"{named[1]} is no setting"


def _promql(text: str) -> None:
    import promql_parser

    _parsed(promql_parser.parse, text)
    promised = (ROOT / "deploy" / "observability" / "signals.yaml").read_text()
    for name in re.findall(r"\bargus_[a-z0-9_]+", text):
        stem = re.sub(r"_(?:bucket|count|sum|total)$", "", name)
        assert stem in promised, f"no service promises {name} in deploy/observability/signals.yaml"


def _ini(text: str) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise AssertionError(str(error)) from error
    assert parser.sections(), "no [Section]"


def _regex(text: str) -> None:
    try:
        re.compile(text.strip())
    except re.error as error:
        raise AssertionError(str(error)) from error


def _brackets(text: str) -> None:
    opened: list[str] = []
    for letter in re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*", "", text):
        if letter in _BRACKETS.values():
            opened.append(letter)
        elif letter in _BRACKETS:
            assert opened, f"{letter} closes nothing"
            assert opened.pop() == _BRACKETS[letter], f"{letter} closes another bracket"
    assert not opened, f"{opened[-1]} is not closed"


def _nginx(text: str) -> None:
    _brackets(text)
    if shutil.which("nginx") and shutil.which("openssl"):
        with tempfile.TemporaryDirectory() as room:
            _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=argus.example.org",
                 "-keyout", f"{room}/key.pem", "-out", f"{room}/cert.pem")  # fmt: skip
            # Its ports and folders, which only root may use, are put where anybody may.
            server = re.sub(r"/\S+/(cert|key)\.pem", rf"{room}/\1.pem", re.sub(r"listen (\d+)", r"listen 4\1", text))
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            folders = " ".join(f"{kind}_temp_path {room}/{kind};" for kind in kinds)
            written = Path(room, "nginx.conf")
            written.write_text(f"pid {room}/pid; events {{}} http {{ access_log off; {folders} {server} }}")
            _run("nginx", "-t", "-q", "-p", room, "-c", str(written), "-e", "stderr")


def _caddy(text: str) -> None:
    _brackets(text)
    if shutil.which("caddy"):
        _run("caddy", "adapt", "--adapter", "caddyfile", "--config", "/dev/stdin", said=text)


def _run(*command: str, said: str = "") -> None:
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


CHECKS: Final[Mapping[str, Callable[[str], None]]] = {
    "json": _json,
    "toml": _toml,
    "yaml": _yaml,
    "query": _query,
    "env": _env,
    "promql": _promql,
    "ini": _ini,
    "regex": _regex,
    "nginx": _nginx,
    "caddy": _caddy,
}
