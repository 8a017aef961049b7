"""Says whether a block of a Chinese page is the same as one of its English page: but for comments and Chinese texts."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence

from doc_blocks import Block

_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_SHELL_WORD = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|[^\s'\"]+|\n")
_SHELL_COMMENT = re.compile(r"(?:^|(?<=\s))#(?!\!).*$", re.MULTILINE)


def is_same(chain: Sequence[Block], other: Sequence[Block]) -> bool:
    """Whether two chains of blocks would run alike."""
    return len(chain) == len(other) and all(_is_same(one, two) for one, two in zip(chain, other, strict=True))


def _is_same(block: Block, other: Block) -> bool:
    if (block.language, block.marks) != (other.language, other.marks):
        return False
    words, others = (_words(one.setup + "\n" + one.text, one.language) for one in (block, other))
    return len(words) == len(others) and all(map(_is_same_word, words, others))


def _is_same_word(word: str, other: str) -> bool:
    return word == other or (word[-1:] in "'\"" and other[-1:] in "'\"" and bool(_CHINESE.search(word)))


def _words(text: str, language: str) -> list[str]:
    if language == "python":
        return _python_words(text)
    return _SHELL_WORD.findall(re.sub(r"\n+", "\n", _SHELL_COMMENT.sub("", text)).strip())


def _python_words(text: str) -> list[str]:
    passed = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    try:
        found = [word for word in tokenize.generate_tokens(io.StringIO(text).readline) if word.type not in passed]
    except (tokenize.TokenError, IndentationError):
        return [text]
    return [str(word.type) if word.type in {tokenize.INDENT, tokenize.DEDENT} else word.string for word in found]
