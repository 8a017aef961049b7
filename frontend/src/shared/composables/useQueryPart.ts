// The part of an axis that is looked at, in the URL. A gesture passes many parts: the URL gets the one where it rests.
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { useQueryText } from './useQuery'

export type Part = readonly [number, number]
const REST_MS = 200
// Enough to find a step in ten million, or a second in a year.
const DIGITS = 12

/** `120:340.5` and back; whatever else is no part. */
export function parsePart(text: string): Part | null {
  const [from, to, ...more] = text.split(':').map((end) => (end === '' ? NaN : Number(end)))
  return from !== undefined && to !== undefined && more.length === 0 && Number.isFinite(from) && Number.isFinite(to) && from < to ? [from, to] : null
}

export const writePart = (part: Part | null): string => (part ? part.map((end) => String(Number(end.toPrecision(DIGITS)))).join(':') : '')

export function useQueryPart(name = 'zoom'): Ref<Part | null> {
  const text = useQueryText<string>(name, '')
  const part = ref<Part | null>(parsePart(text.value))
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(part, (now) => {
    clearTimeout(timer)
    timer = setTimeout(() => (text.value = writePart(now)), REST_MS)
  })
  // The reader went back, or followed a link to this page.
  watch(text, (now) => {
    if (now !== writePart(part.value)) part.value = parsePart(now)
  })
  onScopeDispose(() => clearTimeout(timer))
  return part
}
