"""What shows which kind of failure: one table, the most telling first.

A named group of a pattern becomes a fact of the verdict, so that a hint can name the module or the path. What an
agent tells of the end of a process (`HostWord`) is held against the same table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from argus_contracts import memory


class Kind(StrEnum):
    """Kinds of failure. The values are part of the API: pages find their hints by them."""

    CUDA_OOM = "cuda_oom"
    HOST_OOM = "host_oom"
    DISK_FULL = "disk_full"
    DISTRIBUTED = "distributed"
    GPU_FAULT = "gpu_fault"
    CUDA_ERROR = "cuda_error"
    DIVERGENCE = "divergence"
    PREEMPTED = "preempted"
    IMPORT_ERROR = "import_error"
    PATH_ERROR = "path_error"
    SEGFAULT = "segfault"
    KEYBOARD_INTERRUPT = "keyboard_interrupt"
    KILLED_BY_USER = "killed_by_user"
    ASSERTION = "assertion"
    EXCEPTION = "exception"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind with the texts that show it, and the signals that speak for it where no text does.

    `by_signal`: a signal alone proves it; otherwise it makes it likely.
    """

    kind: Kind
    patterns: tuple[re.Pattern[str], ...] = ()
    signals: frozenset[str] = frozenset()
    by_signal: bool = False


def _texts(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        Kind.CUDA_OOM,
        _texts(*memory.CARD),
    ),
    Rule(
        Kind.DISK_FULL,
        _texts(
            r"No space left on device(?:: '(?P<path>[^']{1,300})')?",
            r"\[Errno (?:28|122)\]|\bENOSPC\b|Disk quota exceeded|database or disk is full",
        ),
    ),
    Rule(
        Kind.PREEMPTED,
        _texts(
            r"\bDUE TO (?:PREEMPTION|TIME LIMIT|NODE FAILURE|NODE_FAIL)",
            r"\bpreempt(?:ed|ion)\b(?! (?:is|support|disabled|enabled))",
            r"spot instance (?:interruption|terminat)|instance is being reclaimed",
        ),
    ),
    Rule(
        Kind.HOST_OOM,
        _texts(*memory.HOST),
        frozenset({"SIGKILL"}),
    ),
    Rule(
        Kind.DISTRIBUTED,
        _texts(
            r"Watchdog caught collective operation timeout|collective operation timeout",
            r"NCCL.{0,120}(?:timed? ?out|unhandled|connection (?:closed|reset|refused)|remote process exited)",
            r"nccl(?:System|Internal|Remote|UnhandledCuda|InvalidUsage)Error",
            r"(?:DistBackendError|DistStoreError|DistNetworkError|ChildFailedError)",
            r"(?:TCPStore|c10d|Gloo|rendezvous).{0,120}(?:timed? ?out|connection (?:closed|reset|refused))",
        ),
    ),
    Rule(
        # Of NVIDIA's Xid numbers those that speak of the card itself, its memory, its bus or its firmware.
        Kind.GPU_FAULT,
        _texts(
            r"Xid \(PCI[^)]{1,40}\): (?P<error>(?:46|48|54|61|62|63|64|74|79|9[2459]|119|120|14\d)\b)",
            r"GPU has fallen off the bus|GPU is lost|uncorrectable (?:NVLink|ECC) error|Unable to determine the device "
            r"handle for GPU|amdgpu.{0,80}(?:GPU reset|uncorrectable)",
        ),
    ),
    Rule(
        Kind.CUDA_ERROR,
        _texts(
            r"CUDA error: (?P<error>[^\n.]{3,80})",
            r"device-side assert triggered|an illegal memory access was encountered|unspecified launch failure",
            r"CUBLAS_STATUS_\w+|CUDNN_STATUS_\w+|cuDNN error|no kernel image is available|Xid \(PCI",
        ),
    ),
    Rule(
        Kind.DIVERGENCE,
        _texts(
            r"\bloss\b.{0,40}?\b(?:is|became|was|turned|went|=|:)\s*\(?(?:nan|inf|-inf|infinite|not finite)\b",
            r"\b(?:nan|inf|non-?finite)\b (?:\w+ ){0,3}(?:loss|gradients?|values?|activations?|weights?|outputs?)\b",
            r"\b(?:loss|training|model|run) (?:has )?diverged",
            r"FloatingPointError|returned nan values in its \d+th output|Input (?:\w+ )?contains NaN",
        ),
    ),
    Rule(
        Kind.IMPORT_ERROR,
        _texts(
            r"No module named '(?P<module>[^']{1,200})'",
            r"ModuleNotFoundError|\bImportError\b",
            r"cannot open shared object file",
        ),
    ),
    Rule(
        Kind.PATH_ERROR,
        _texts(
            r"(?:No such file or directory|Permission denied|Not a directory|Is a directory|File exists)"
            r":? '(?P<path>[^']{1,300})'",
            r"\b(?:FileNotFoundError|NotADirectoryError|IsADirectoryError|PermissionError|FileExistsError)\b",
            r"(?:can't open file|No such file or directory|Permission denied)",
        ),
    ),
    Rule(
        Kind.SEGFAULT,
        _texts(
            r"Segmentation fault|Bus error|Fatal Python error: (?:Segmentation|Bus|Illegal)|\bSIG(?:SEGV|BUS|ILL)\b"
        ),
        frozenset({"SIGSEGV", "SIGBUS", "SIGILL"}),
        by_signal=True,
    ),
    Rule(
        Kind.KEYBOARD_INTERRUPT,
        _texts(r"\bKeyboardInterrupt\b"),
        frozenset({"SIGINT"}),
        by_signal=True,
    ),
    Rule(
        Kind.KILLED_BY_USER,
        _texts(
            r"\b(?:killed|stopped|cancelled|canceled|aborted) by (?:the )?user\b|\bCANCELLED (?:AT|by)\b|\bSIGTERM\b"
        ),
        frozenset({"SIGTERM", "SIGHUP"}),
    ),
    Rule(
        Kind.ASSERTION,
        _texts(r"\bAssertionError\b(?:: (?P<error>[^\n]{1,160}))?|Assertion [`'].{1,200}' failed"),
        frozenset({"SIGABRT"}),
    ),
    Rule(
        Kind.EXCEPTION,
        _texts(r"^(?:\w+\.)*(?P<error>[A-Z]\w*(?:Error|Exception|Exit|Warning|Interrupt|Iteration))(?:: |$)"),
    ),
)
