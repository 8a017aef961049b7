"""The page of events: the envelope, and of each type its fields, their units, and an example that the decoder takes."""

from __future__ import annotations

import json
import re
from typing import Any, Final, get_args, get_origin

import msgspec

from argus_contracts.decoding import decode_batch
from argus_contracts.envelope import BATCH_ID_MAX, EVENT_ID_MAX, EVENT_ID_MIN, JOB_ID_MAX
from argus_contracts.events import INGESTED_TYPES, JOB_TYPES, SCHEMA_VERSION, SERVER_TYPES, Source
from argus_contracts.payloads import PAYLOADS, SERVER_PAYLOADS

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "batch_start": {"experiment_type": "sweep", "n_total_jobs": 4, "command": "python train.py --multirun lr=0.1,0.01"},
    "batch_done": {"n_done": 4, "n_failed": 0, "total_elapsed_s": 812.4},
    "batch_failed": {"reason": "RuntimeError: no data under /data/cifar10", "n_done": 1, "n_failed": 1},
    "job_start": {"model": "resnet50", "dataset": "cifar10", "config": {"lr": 0.1, "seed": 1}},
    "job_epoch": {"epoch": 3, "train_loss": 0.41, "val_loss": 0.55, "lr": 0.01, "batch_time_ms": 38.2, "val_acc": 0.83},
    "job_step": {"step": 1200, "loss": 0.39, "grad_norm": 1.7},
    "job_done": {"status": "DONE", "elapsed_s": 201.7, "train_epochs": 90, "metrics": {"val_acc": 0.94}},
    "job_failed": {"reason": "torch.OutOfMemoryError: CUDA out of memory.", "elapsed_s": 12.5},
    "job_checkpoint": {"path": "/runs/r50/last.ckpt", "epoch": 3, "step": 1200, "metrics": {"val_acc": 0.83}},
    "batch_paused": {"checkpoint": {"job_id": "resnet50-1", "path": "/runs/r50/last.ckpt", "epoch": 3, "step": 1200}},
    "resource_snapshot": {
        "cpu_util_pct": 41.0,
        "ram_mb": 38120.0,
        "ram_total_mb": 257650.0,
        "gpu_util_pct": 97.0,
        "gpu_mem_mb": 61234.0,
        "gpus": [{"index": 0, "name": "NVIDIA H100", "util_pct": 97, "mem_mb": 61234, "mem_total_mb": 81559}],
    },
    "log_line": {"level": "INFO", "line": "epoch 3: val_acc 0.83", "stream": "stdout"},
    "env_snapshot": {"git_sha": "4f1c2aa", "git_branch": "main", "git_dirty": False, "python_version": "3.11.7"},
    "alert": {"title": "Loss is no number", "text": "epoch 3, lr 0.1", "level": "error"},
}
_UNITS: Final = (
    (r"_mb_s$", "MiB per second"),
    (r"_pct$", "percent, 0 to 100"),
    (r"_mb$", "MiB"),
    (r"_ms$", "milliseconds"),
    (r"(_s|^wait_s)$", "seconds"),
    (r"_temp_c$", "degrees Celsius"),
    (r"_(at|time)$", "ISO 8601, UTC"),
    (r"^minutes", "minutes"),
)
_HEAD: Final = f"""# Events

What a client reports. A training's own client needs no more than this page: an event is one JSON object, sent to
`POST /api/events/batch` as `{{"events": [...]}}` with an `em_live_` token.
[Any language, over HTTP](../connect/http.md) tells of requests, answers and repeating them; here stand the fields.
The same is there for programs: `libs/contracts/argus_contracts/event.schema.json` (JSON Schema), and `asyncapi.yaml`
beside it for what the services say to each other.

## The envelope

| field | takes | needed | |
|---|---|---|---|
| `schema_version` | `"{SCHEMA_VERSION}"` | yes | |
| `event_id` | text, {EVENT_ID_MIN} to {EVENT_ID_MAX} characters | yes | chosen by the sender; \
the same id is stored once, so that sending again is safe. A UUID is usual |
| `event_type` | one of the types below | yes | |
| `timestamp` | RFC 3339 | yes | when it happened; without an offset it is UTC |
| `batch_id` | text, up to {BATCH_ID_MAX} characters | yes | |
| `job_id` | text, up to {JOB_ID_MAX} characters | by job events | |
| `source` | object | yes | where it comes from, see below |
| `data` | object | by some | what its type says; other keys are kept |

Other fields of the envelope are refused. In `source`:
"""


def page() -> str:
    """The page.

    Raises:
        ValueError: an example is not what the decoder takes.
    """
    _check_examples()
    text = _HEAD + "\n" + _table(Source) + _words(Source)
    text += "\nAn event as it is sent:\n\n" + _block(_event("job_epoch"))
    text += (
        "\n## What clients report\n\nIn examples only `data` is shown; all of it may be left out unless it is needed.\n"
    )
    for name in INGESTED_TYPES:
        needs = " Needs a `job_id`." if name in JOB_TYPES else ""
        text += f"\n### {name}\n{_words(PAYLOADS[name])}{needs and needs.lstrip() + chr(10)}\n{_table(PAYLOADS[name])}"
        text += "\n" + _block(EXAMPLES[name])
    text += "\n## What the server adds\n\n"
    text += "These appear in streams and in a batch's history. A client that sends one is refused.\n"
    for name in SERVER_TYPES:
        text += f"\n### {name}\n{_words(SERVER_PAYLOADS[name])}\n{_table(SERVER_PAYLOADS[name])}"
    return text


def _check_examples() -> None:
    body = json.dumps({"events": [_event(name) for name in INGESTED_TYPES]}).encode()
    wrong = [one for one in decode_batch(body) if isinstance(one, Exception)]
    if wrong:
        raise ValueError(f"examples of events: {wrong}")


def _event(name: str) -> dict[str, Any]:
    number = INGESTED_TYPES.index(name)
    return {
        "schema_version": SCHEMA_VERSION,
        "event_id": f"5f0c2d6e-8a41-4c59-9d1e-0000000000{number:02}",
        "event_type": name,
        "timestamp": "2026-03-04T12:00:00Z",
        "batch_id": "lr-sweep-0001",
        "job_id": "resnet50-1" if name in JOB_TYPES else None,
        "source": {"project": "vision", "host": "gpu-1", "user": "ada", "commit": "4f1c2aa"},
        "data": EXAMPLES[name],
    }


def _block(value: dict[str, Any]) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"


def _words(kind: type[msgspec.Struct]) -> str:
    doc = " ".join((kind.__doc__ or "").split()).replace("``", "`")
    return f"\n{doc}\n"


def _table(kind: type[msgspec.Struct]) -> str:
    rows = "".join(
        f"| `{field.name}` | {_takes(field.type)} | {'yes' if field.required else ''} | {_unit(field.name)} |\n"
        for field in msgspec.structs.fields(kind)
    )
    return f"| field | takes | needed | unit |\n|---|---|---|---|\n{rows}"


def _unit(name: str) -> str:
    return next((unit for pattern, unit in _UNITS if re.search(pattern, name)), "")


def _takes(kind: Any) -> str:
    names = {
        str: "text",
        float: "number",
        int: "whole number",
        bool: "`true` or `false`",
        type(None): "",
        Any: "anything",
    }
    if kind in names:
        return names[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list:
        return f"list of {_takes(inner[0])}"
    if origin is dict:
        return "object"
    if inner and all(isinstance(one, str) for one in inner):
        return ", ".join(f"`{one}`" for one in inner)
    if hasattr(kind, "__metadata__"):
        bounds = kind.__metadata__[0]
        most = f", at most {bounds.max_length} characters" if getattr(bounds, "max_length", None) else ""
        return _takes(inner[0]) + most
    return " or ".join(filter(None, map(_takes, inner)))
