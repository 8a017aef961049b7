"""What MkDocs does not do by itself.

A page with `source: CHANGELOG.md` in its head shows that file. A link to a file outside of docs/ leads to the
repository (`repo_url`), or is plain text where nobody said where that is read. The page of decisions lists them. And
who reads Chinese finds Chinese pages: each language gets a search index of its own.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
_BASE = re.compile(r'(<script id="__config"[^>]*>[^<]*?"base":\s*")([^"]*)"')
# Chinese has no spaces between words: where a source's line ends, nothing is meant.
_LETTER = r"[\u3000-\u9fff\uff00-\uffef\u201c\u201d]"
_MARK = r"[\u3000-\u3002\uff00-\uffef]"
_LINE_END = re.compile(rf"(?<={_LETTER})\n *(?={_LETTER})|(?<={_MARK})\n *(?=[A-Za-z\[(]|\*\*|`(?!``))")
_SWITCH = re.compile(r'href="/(zh/)?" hreflang=')
_CHINESE = "zh/"
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """See mkdocs.plugins."""
    if page.file.src_uri.startswith(("decisions/", "reference/http")):
        page.meta["search"] = {"boost": 0.3}  # long, and seldom what somebody looks for by a word
    if page.file.src_uri == "decisions/README.md":
        markdown += _decisions(markdown)
    source = page.meta.get("source")
    folder = posixpath.dirname(f"docs/{page.file.src_uri}")
    if source is not None:
        markdown, folder = (ROOT / source).read_text("utf-8"), posixpath.dirname(source)
    known = {f"docs/{file.src_uri}" for file in files}
    here = posixpath.dirname(f"docs/{page.file.src_uri}")

    def led(link: re.Match[str]) -> str:
        return _led(link, folder, here, known, config.repo_url)

    is_chinese = page.file.src_uri.endswith(".zh.md")
    return _outside_of_code(markdown, lambda text: _LINK.sub(led, _LINE_END.sub("", text) if is_chinese else text))


def on_post_page(output: str, page: Any, config: Any) -> str:
    """A Chinese page looks for its index, and for what it finds, below zh/. The home pages' switch of languages leads
    to an address of the whole host: the site may lie below a folder of it.
    """
    root = "../" if page.url.startswith(_CHINESE) else "./"
    output = _SWITCH.sub(lambda switch: f'href="{root}{switch[1] or ""}" hreflang=', output)
    if not page.url.startswith(_CHINESE):
        return output
    changed, count = _BASE.subn(rf'\g<1>\g<2>/{_CHINESE}"', output)
    if count != 1:
        raise ValueError("docs: the theme keeps its base elsewhere now, so the search of Chinese pages finds nothing")
    return changed


def on_post_build(config: Any) -> None:
    """Divide the search index."""
    path = Path(config.site_dir, "search", "search_index.json")
    if not path.exists():
        return
    index = json.loads(path.read_text("utf-8"))
    english = [entry for entry in index["docs"] if not entry["location"].startswith(_CHINESE)]
    chinese = [
        {**entry, "location": entry["location"].removeprefix(_CHINESE)}
        for entry in index["docs"]
        if entry["location"].startswith(_CHINESE)
    ]
    translated = {_page_of(entry) for entry in chinese}
    chinese += [entry for entry in english if _page_of(entry) not in translated]  # shown in English there
    for place, docs in ((path, english), (Path(config.site_dir, _CHINESE, "search", path.name), chinese)):
        if docs:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps({**index, "docs": docs}, ensure_ascii=False), "utf-8")


def _page_of(entry: dict[str, str]) -> str:
    return entry["location"].split("#", 1)[0]


# After i18n, which builds the other language in this event (-100) and writes the index of both.
on_post_build.mkdocs_priority = -200  # type: ignore[attr-defined]


def _decisions(markdown: str) -> str:
    """A list of those that the page does not name by itself."""
    lines = []
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        heading = path.read_text("utf-8").lstrip().split("\n", 1)[0]
        title = re.sub(r"^#\s*(?:\d+\.?\s*)?", "", heading)
        if path.name not in markdown:
            lines.append(f"- {path.name[:4]} [{title}]({path.name})")
    return "\n\n" + "\n".join(lines) + "\n"


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
