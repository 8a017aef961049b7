"""How settings are read: from variables, secrets also from files, with errors that say what to write."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SECRET: Final[JsonDict] = {"secret": True}
"""The `json_schema_extra` of a field that is no `SecretStr` and yet holds a password, such as an address."""

_SHOWN: Final = 60
# Below it `ARGUS_URL`, which is the SDK's, would pass for ARGUS_DB_URL.
_ALIKE: Final = 0.9


class InvalidSettingsError(ValueError):
    """Settings cannot be used. Each of `faults` names a variable, what is wrong with it, and what to write."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("these settings cannot be used:\n- " + "\n- ".join(self.faults))


class Environment(BaseSettings):
    """A group of variables. One that is empty counts as not set; `NAME_FILE` names a file with the secret NAME.

    Raises:
        InvalidSettingsError: a value is not what its field takes.
    """

    model_config = SettingsConfigDict(
        env_prefix="ARGUS_", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            # Not `from error`: its text may hold what was meant to be a secret.
            raise InvalidSettingsError(_sentence(type(self), fault) for fault in error.errors()) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic names them in its call)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the files, then the variables."""
        return init_settings, _SecretFiles(settings_cls), env_settings

    def unsafe(self) -> Iterator[str]:
        """A sentence for each setting of this group that production cannot take."""
        yield from ()


class _SecretFiles(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        text = _from_file(variable(self.settings_cls, field_name), os.environ) if is_secret(field) else None
        return text, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: text for name, text in found.items() if text is not None}


def variable(kind: type[BaseSettings], field_name: str) -> str:
    """The name of the variable that sets a field."""
    return f"{kind.model_config.get('env_prefix', '')}{field_name}".upper()


def is_secret(field: FieldInfo) -> bool:
    """Whether its value must not be shown, and may come from a file."""
    extra = field.json_schema_extra
    return field.annotation is SecretStr or (isinstance(extra, dict) and bool(extra.get("secret")))


def secret_text(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The secret of that name, from its file or its variable; empty where neither is set.

    Raises:
        InvalidSettingsError: the file cannot be read, or both are set.
    """
    found = _from_file(name, environment)
    return environment.get(name, "").strip() if found is None else found


def _from_file(name: str, environment: Mapping[str, str]) -> str | None:
    path = environment.get(f"{name}_FILE", "")
    if not path:
        return None
    if environment.get(name):
        raise InvalidSettingsError([f"{name} and {name}_FILE are both set: keep one of them."])
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        said = f"{name}_FILE is {path!r}, which cannot be read ({why})"
        raise InvalidSettingsError([f"{said}: write the path of a file that this process can read."]) from None
    if not text:
        raise InvalidSettingsError([f"{name}_FILE is {path!r}, and that file is empty: write the secret into it."])
    return text


def loaded(kind: type[Environment] = Environment) -> Iterator[type[Environment]]:
    """The groups of Argus that this process has imported."""
    for child in kind.__subclasses__():
        if child.__module__.startswith("argus_"):
            yield child
        yield from loaded(child)


def read_all() -> list[Environment]:
    """Each group that this process has imported, read now, so that a fault shows at the start.

    Raises:
        InvalidSettingsError: with the faults of all groups.
    """
    groups: list[Environment] = []
    faults: list[str] = []
    for kind in loaded():
        try:
            groups.append(kind())
        except InvalidSettingsError as error:
            faults += error.faults
    if faults:
        raise InvalidSettingsError(dict.fromkeys(faults))
    return groups


def misspelt(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """A sentence for each variable that nothing reads and that looks like one that is read."""
    known = {variable(kind, name): field for kind in loaded() for name, field in kind.model_fields.items()}
    names = {*known, *(f"{name}_FILE" for name, field in known.items() if is_secret(field))}
    for given in sorted(name for name in environment if name.startswith("ARGUS_") and name not in names):
        if meant := difflib.get_close_matches(given, names, n=1, cutoff=_ALIKE):
            yield f"{given} is not read by Argus; did you mean {meant[0]}?"


def wanted(field: FieldInfo) -> str:
    """What a field takes, in words."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    if kind is bool:
        return "`true` or `false`"
    if kind in {int, float}:
        return ("a whole number" if kind is int else "a number") + _bounds(field)
    if kind is Path:
        return "a path"
    most = _constraint(field, "max_length")
    return "a text" if most is None else f"a text of at most {most} characters"


def _bounds(field: FieldInfo) -> str:
    least, above, most = (_constraint(field, name) for name in ("ge", "gt", "le"))
    begin = f" from {least}" if least is not None else f" above {above}" if above is not None else ""
    joint = " to" if least is not None else ", at most"
    return f"{begin}{joint} {most}" if most is not None else begin


def _constraint(field: FieldInfo, name: str) -> Any:
    return next((found for item in field.metadata if (found := getattr(item, name, None)) is not None), None)


def _sentence(kind: type[BaseSettings], fault: ErrorDetails) -> str:
    text = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return f"{text}."
    name = str(fault["loc"][0])
    field = kind.model_fields[name]
    shown = "" if is_secret(field) else f" is {str(fault['input'])[:_SHOWN]!r}"
    said = f"{variable(kind, name)}{shown}: {text[:1].lower()}{text[1:]}."
    # A validator of our own says itself what to write.
    return said if fault["type"] == "value_error" else f"{said} Write {wanted(field)}."
