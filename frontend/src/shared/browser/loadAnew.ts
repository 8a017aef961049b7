// Loading the page anew without being asked to.
import { isReached } from '@/api/network'

const FIELDS = 'textarea, input:not([type=checkbox], [type=radio], [type=search], [role=combobox], [readonly])'

function hasUnsaved(): boolean {
  if ([...document.querySelectorAll('dialog[open], [role=dialog]')].some((dialog) => dialog.getClientRects().length > 0)) return true
  return [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(FIELDS)].some((field) => field === document.activeElement || field.value !== field.defaultValue)
}

// Several parts of a page may ask in the same moment, and one knows better where to: they leave together.
let leaving: { path: string | null } | null = null

/**
 * Loads the page anew, or the one at `path`. Not where somebody is in the middle of something, nor where the browser's own
 * page of errors would come instead.
 */
export async function loadAnew(path: string | null = null): Promise<void> {
  if (leaving) {
    leaving.path ??= path
    return
  }
  const mine = (leaving = { path })
  const isSafe = !hasUnsaved() && (await isReached()) && !hasUnsaved()
  leaving = null
  if (!isSafe) return
  if (mine.path === null) window.location.reload()
  else window.location.assign(mine.path)
}
