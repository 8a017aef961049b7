"""Look at the built site as a browser would: check_site.py FOLDER.

Every address within it leads to a file that is there, every `#anchor` to something with that id, and no page loads
anything from elsewhere. MkDocs checks what is written in Markdown; this also sees what the theme and hooks make of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {("script", "src"), ("img", "src"), ("source", "srcset"), ("iframe", "src"), ("link", "href")}
_ONLY_NAMED = {"canonical", "alternate", "next", "prev"}  # of <link>: said, not loaded


@dataclass
class Page:
    """What a page refers to and can be referred to by."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        values = {name: value or "" for name, value in attrs}
        for name in ("id", "name") if tag == "a" else ("id",):
            if values.get(name):
                self.page.ids.add(values[name])
        if tag == "a" and "href" in values:
            self.page.links.append(values["href"])
        if tag == "link" and set(values.get("rel", "").split()) & _ONLY_NAMED:
            return
        self.page.loads += [values[name] for name in values if (tag, name) in _LOADED]


def main(arguments: list[str]) -> int:
    site = Path(arguments[0]).resolve()
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    faults = sorted({fault for path, page in pages.items() for fault in _faults(site, path, page, pages)})
    if not pages:
        faults = [f"{site} has no page"]
    print("\n".join(faults) or f"site: {len(pages)} pages, every link leads somewhere, nothing comes from elsewhere")
    return 1 if faults else 0


def _read(path: Path) -> Page:
    reader = _Reader()
    reader.feed(path.read_text("utf-8"))
    return reader.page


def _faults(site: Path, path: Path, page: Page, pages: dict[Path, Page]) -> list[str]:
    where = path.relative_to(site)
    faults = [f"{where}: loads {load} from elsewhere" for load in page.loads if urlsplit(load).netloc]
    for address in {*page.links, *page.loads}:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or path.name == "404.html":
            continue  # the page of what is missing is shown at any address, and so has addresses of its own kind
        target = _target(path, unquote(parts.path))
        if not target.is_relative_to(site) or not target.is_file():
            faults.append(f"{where}: {address} leads to nothing")
        elif target in pages and not _is_there(unquote(parts.fragment), pages[target]):
            faults.append(f"{where}: {address} has no such place")
    return faults


def _is_there(fragment: str, page: Page) -> bool:
    # Material's drawer and search have ids of two underscores, made by its script.
    return fragment in {"", "top", *page.ids} or fragment.startswith("__")


def _target(path: Path, link: str) -> Path:
    if not link:
        return path
    target = (path.parent / link).resolve()
    return target / "index.html" if target.is_dir() else target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
