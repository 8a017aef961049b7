// What a setting is, and what a reader typed for it.
import type { ConfigItem, Flag } from './api'

export const MASK = '***'
type Described = Pick<ConfigItem | Flag, 'kind' | 'least' | 'most'>

/** What is wrong with a value before it is sent: the key of a sentence with its bounds, or null. The server decides. */
export function problemOf(setting: Described, value: unknown): 'number' | 'decimal' | 'text' | null {
  const { kind, least, most } = setting
  if (kind === 'number' || kind === 'decimal') {
    const fits = typeof value === 'number' && (kind === 'decimal' || Number.isInteger(value)) && value >= (least ?? value) && value <= (most ?? value)
    return fits ? null : kind
  }
  if (kind === 'text') return typeof value === 'string' && value.length <= (most ?? value.length) ? null : 'text'
  return null
}

/** What a reader typed for a key that we do not know: JSON where it is JSON, else a text. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** How a value of a key that we do not know is shown and edited: as JSON. */
export function asJson(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
