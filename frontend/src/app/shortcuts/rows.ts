// Moving through the rows of a page: a list marks the link of each row with `data-row-link`, so that Enter opens it.

const shown = (element: HTMLElement): boolean => element.getClientRects().length > 0

/** Focuses the next row (or the one before); the first where none had the focus. */
export function moveRow(step: 1 | -1, root: ParentNode = document): void {
  const links = [...root.querySelectorAll<HTMLElement>('#content [data-row-link]')].filter(shown)
  const here = document.activeElement?.closest('tr')
  const at = links.findIndex((link) => link === document.activeElement || (here && link.closest('tr') === here))
  const next = at < 0 ? links[0] : links[Math.min(Math.max(at + step, 0), links.length - 1)]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

/** Focuses the page's own search field, which it marks with `data-search`; false where there is none. */
export function focusSearch(root: ParentNode = document): boolean {
  const marked = root.querySelector<HTMLElement>('#content [data-search]')
  const field = marked instanceof HTMLInputElement ? marked : marked?.querySelector('input')
  field?.focus()
  field?.select()
  return field != null
}
