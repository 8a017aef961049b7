"""libFuzzer at the decoder, led by coverage: `make fuzz` runs it for FUZZ_SECONDS (60).

Begins at the vectors, keeps what it learned in .make/fuzz/corpus, and leaves a body that breaks a promise in
.make/fuzz/found: make it a vector in libs/contracts. Arguments are libFuzzer's.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=["argus_contracts"]):
    from hunt import promises

from hunt import grammar

ROOM = Path(__file__).resolve().parents[2] / ".make" / "fuzz"
_LONGEST = 4096


def main() -> None:
    """Entry point."""
    corpus, found = ROOM / "corpus", ROOM / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    for body in grammar.BODIES:
        if len(body) <= _LONGEST:
            (corpus / hashlib.sha256(body).hexdigest()[:16]).write_bytes(body)
    words = ROOM / "words.dict"
    words.write_text("\n".join(f'"{_quoted(word)}"' for word in [*grammar.PIECES, *map(str.encode, grammar.KEYS)]))
    options = [
        f"-dict={words}",
        f"-max_len={_LONGEST}",
        f"-artifact_prefix={found}/",
        "-timeout=10",
        "-rss_limit_mb=1024",
    ]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], promises.hold)
    atheris.Fuzz()


def _quoted(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
