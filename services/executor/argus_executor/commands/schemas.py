"""Bodies of an agent's reports."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from argus_executor.commands.states import Step

MAX_TEXT = 2000
MAX_RESULT_BYTES = 256 * 1024


def _storable(value: Any) -> Any:
    # The last lines of a process that died may hold anything. The report of its end must not be lost for that.
    if not isinstance(value, str):
        return value
    return value[:MAX_TEXT].replace("\x00", "\ufffd").encode(errors="replace").decode()


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
    result: Annotated[dict[str, Any] | None, AfterValidator(_bounded)] = None


class CommandReported(BaseModel):
    """The command's status now."""

    cmd_id: str
    status: str
