"""Every GPU of the machine, whoever made it. A missing driver or library costs one failed import and no more."""

from __future__ import annotations

import os

from argus._amd import AmdReader
from argus._nvml import NvmlReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, Protocol

    from argus._cards import Card

    class GpuReader(Protocol):
        """Reads the cards of one maker."""

        def read(self, variables: dict[str, str], own: set[int]) -> list[Card]:
            """One dict per card."""

        def facts(self) -> dict[str, object]:
            """Versions of driver and runtime."""


# amdsmi complains aloud where there is no AMD card, so it is imported only where the kernel has its driver.
_AMD_DRIVER = "/sys/module/amdgpu"
_STATIC = ("index", "vendor", "uuid", "name", "mem_total_mb", "power_limit_w", "visible", "ordinal")

_libraries: dict[str, ModuleType | None] = {}


class Gpus:
    """All cards. Numbered through, the second maker's after the first's."""

    def __init__(self, readers: list[GpuReader]) -> None:
        self._readers = readers

    def read(self, own: set[int]) -> list[Card]:
        """One dict per card: what it does now, and what processes hold on it; `own` are the run's process ids."""
        cards: list[Card] = []
        for reader in self._readers:
            first = len(cards)
            for card in reader.read(dict(os.environ), own):
                card["index"] += first
                cards.append(card)
        return cards

    def facts(self) -> dict[str, object]:
        """Driver and runtime, and of each card what does not change, for the record of a run."""
        found: dict[str, object] = {}
        for reader in self._readers:
            found.update({name: value for name, value in reader.facts().items() if name not in found})
        cards = self.read(set())
        found["gpus"] = [{name: card[name] for name in _STATIC if name in card} for card in cards]
        found["gpu_names"] = [card["name"] for card in cards if "name" in card]
        return found


def load_libraries() -> None:
    """Import what reads GPUs, where it is there."""
    nvml_library()
    amd_library()


def nvml_library() -> ModuleType | None:
    """The module `pynvml`, or None where it is not installed."""
    return _library("pynvml", _import_pynvml)


def amd_library() -> ModuleType | None:
    """The package `amdsmi`, or None where it or AMD's driver is missing."""
    return _library("amdsmi", _import_amdsmi)


def open_gpus() -> Gpus | None:
    """A reader of all cards, or None on a machine without any maker's library and driver."""
    readers: list[GpuReader] = []
    for library, reader, error_name in (
        (nvml_library(), NvmlReader, "NVMLError"),
        (amd_library(), AmdReader, "AmdSmiException"),
    ):
        if library is None:
            continue
        try:
            readers.append(reader(library))
        except getattr(library, error_name):
            continue  # the library without its driver
    return Gpus(readers) if readers else None


def flat_fields(cards: list[Card]) -> dict[str, object]:
    """The contract's `gpu_*` fields, which tell of one card.

    That is the first, as this process counts them, on which the run holds memory; else the first that it may use;
    else the first of the machine. Of a card that is divided (MIG), memory is that of the instance.
    """
    mine = sorted((card for card in cards if card.get("visible")), key=lambda card: int(card["ordinal"]))
    first = next((card for card in mine if card.get("proc_mem_mb")), (mine or cards or [{}])[0])
    instance: Card = next((part for part in first.get("mig", []) if part.get("visible")), {})
    names = {
        "gpu_util_pct": "util_pct",
        "gpu_mem_mb": "mem_mb",
        "gpu_mem_total_mb": "mem_total_mb",
        "gpu_temp_c": "temp_c",
        "proc_gpu_mem_mb": "proc_mem_mb",
    }
    told: dict[str, Any] = {**first, **instance}
    return {flat: told[name] for flat, name in names.items() if name in told}


def _library(name: str, load: Callable[[], ModuleType]) -> ModuleType | None:
    """Import a library once; one that failed is not tried again."""
    if name not in _libraries:
        try:
            _libraries[name] = load()
        except (ImportError, OSError, KeyError):  # amdsmi without its shared object ends in a KeyError
            _libraries[name] = None
    return _libraries[name]


def _import_pynvml() -> ModuleType:
    import pynvml

    return pynvml  # type: ignore[no-any-return]


def _import_amdsmi() -> ModuleType:
    if not os.path.exists(_AMD_DRIVER):
        raise ImportError("no driver of AMD's")
    import amdsmi

    return amdsmi  # type: ignore[no-any-return]
