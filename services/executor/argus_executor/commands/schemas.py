"""Bodies of an agent's reports, and commands as people see them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from argus_executor.commands.states import Step

MAX_TEXT = 2000
MAX_DEPTH = 32
MAX_RESULT_BYTES = 256 * 1024


def _storable(value: Any) -> Any:
    # The last lines of a process that died may hold anything. The report of its end must not be lost for that.
    if not isinstance(value, str):
        return value
    return value[:MAX_TEXT].replace("\x00", "\ufffd").encode(errors="replace").decode()


def _storable_all(value: Any, depth: int = 0) -> Any:
    """The same of every text in a result; one that is too long is refused, not cut."""
    if depth > MAX_DEPTH:
        raise ValueError(f"a result is at most {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_storable_all(key): _storable_all(item, depth + 1) for key, item in value.items()}
    return [_storable_all(item, depth + 1) for item in value] if isinstance(value, list) else value


def _storable_result(value: Any) -> Any:
    return _storable_all(value)


def _bounded(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is not None and len(msgspec.json.encode(value)) > MAX_RESULT_BYTES:
        raise ValueError(f"a result has at most {MAX_RESULT_BYTES} bytes of JSON")
    return value


Text = Annotated[str, BeforeValidator(_storable)]


class CommandReport(BaseModel):
    """What happened to a command on its host. Texts are cut after 2,000 characters."""

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=0, le=9999)
    step: Step
    at: AwareDatetime
    detail: Text | None = None
    exit_code: int | None = Field(None, ge=-(2**31), le=2**32)
    signal: int | None = Field(None, ge=0, le=255)
    pid: int | None = Field(None, ge=0, le=2**32)
    oom: Text | None = None
    last_lines: list[Text] | None = Field(None, max_length=50)
    gpu_errors: list[Text] | None = Field(None, max_length=20)
    result: Annotated[dict[str, Any] | None, BeforeValidator(_storable_result), AfterValidator(_bounded)] = None


class CommandReported(BaseModel):
    """The command's status now."""

    cmd_id: str
    status: str


class CommandOut(BaseModel):
    """A command."""

    id: str
    kind: str
    batch_id: str
    agent_id: str | None
    hostname: str | None
    status: str
    requested_by: str | None = Field(description="The name of who asked for it.")
    created_at: str
    delivered_at: str | None
    acked_at: str | None
    finished_at: str | None
    deadline: str | None = Field(description="It expires when no agent has acknowledged it by then.")
    attempts: int = Field(description="How often it was handed over.")
    pid: int | None
    exit_code: int | None
    signal: int | None
    error: str | None
    may_cancel: bool = Field(description="Whether the caller may cancel it, as long as no agent began.")


class CommandPage(BaseModel):
    """Commands, newest first."""

    items: list[CommandOut]
    next_cursor: str | None


class CommandStep(BaseModel):
    """One thing that happened to a command. The agent's reports have a number, the server's own steps none."""

    seq: int | None
    at: str
    received_at: str
    step: str
    detail: str | None
    exit_code: int | None = None
    signal: int | None = None
    pid: int | None = None
    oom: str | None = None
    last_lines: list[str] | None = None
    gpu_errors: list[str] | None = None


class CommandDetail(CommandOut):
    """A command with its history, in the order in which it became known."""

    steps: list[CommandStep]
    result: dict[str, Any] | None
