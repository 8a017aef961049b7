"""How programs say that memory ran out: of a card, and of a host. Regular expressions, for text of any case."""

from typing import Final

CARD: Final = (
    r"(?:cuda|hip|mps backend) out of memory(?:.{0,80}?tried to allocate (?P<wanted>[\d.]+ ?[KMGT]i?B))?",
    r"torch(?:\.cuda)?\.OutOfMemoryError",
    r"CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|hipErrorOutOfMemory|CUBLAS_STATUS_ALLOC_FAILED",
    r"RESOURCE_EXHAUSTED: (?:Out of memory|OOM)|OOM when allocating tensor",
)
HOST: Final = (
    r"oom[-_ ]?kill(?:ed|er)?\b|Out of memory: Killed process|oom_kill event",
    r"^(?:\w+\.)*MemoryError\b|\bMemoryError:|std::bad_alloc|Cannot allocate memory|\[Errno 12\]",
    r"DataLoader worker .{0,60}killed by signal: Killed",
    r"DefaultCPUAllocator: (?:can't allocate|not enough) memory",
)
