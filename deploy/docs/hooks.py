"""What MkDocs does not do by itself: pages whose text lies at the root of the repository, and links that leave docs/.

A page with `source: CHANGELOG.md` in its head shows that file. A link to a file outside of docs/ leads to the repository
(`repo_url`), or is plain text where nobody said where that is read.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """See mkdocs.plugins."""
    source = page.meta.get("source")
    folder = posixpath.dirname(f"docs/{page.file.src_uri}")
    if source is not None:
        markdown, folder = (ROOT / source).read_text("utf-8"), posixpath.dirname(source)
    known = {f"docs/{file.src_uri}" for file in files}
    here = posixpath.dirname(f"docs/{page.file.src_uri}")

    def led(link: re.Match[str]) -> str:
        return _led(link, folder, here, known, config.repo_url)

    return _outside_of_code(markdown, lambda text: _LINK.sub(led, text))


def _led(link: re.Match[str], folder: str, here: str, known: set[str], repository: str | None) -> str:
    """The link as it leads on the site."""
    text, target, anchor = link["text"], link["target"], link["anchor"] or ""
    if target.startswith("/"):
        return link[0]
    place = posixpath.normpath(posixpath.join(folder, target))
    if f"{place}/README.md" in known:
        place = f"{place}/README.md"
    if place in known:
        return f"[{text}]({posixpath.relpath(place, here)}{anchor})"
    if folder == here and place.startswith("docs/"):
        return link[0]  # MkDocs finds it, or says that it is not there
    if not (ROOT / place).exists():
        raise FileNotFoundError(f"docs: {link[0]} in {here} leads to nothing")
    return f"[{text}]({repository.rstrip('/')}/blob/main/{place}{anchor})" if repository else text


def _outside_of_code(markdown: str, change: Any) -> str:
    """Change what stands between fenced blocks."""
    changed, end = [], 0
    for fence in _FENCE.finditer(markdown):
        changed += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*changed, change(markdown[end:])])
