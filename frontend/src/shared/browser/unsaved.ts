// Whether the page can be loaded anew without being asked to.
import { isReached } from '@/api/network'

const FIELDS = 'textarea, input:not([type=checkbox], [type=radio], [type=search], [role=combobox], [readonly])'

function hasUnsaved(): boolean {
  if ([...document.querySelectorAll('dialog[open], [role=dialog]')].some((dialog) => dialog.getClientRects().length > 0)) return true
  return [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(FIELDS)].some((field) => field === document.activeElement || field.value !== field.defaultValue)
}

/** Not where somebody is in the middle of something, nor where the browser's own page of errors would come instead. */
export async function canLeave(): Promise<boolean> {
  return !hasUnsaved() && (await isReached()) && !hasUnsaved()
}
