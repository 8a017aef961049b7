// What differs between the settings of several runs, as rows of a table: one row per setting, one value per side.
// Pure, for any number of sides: the job page compares two, the comparison page up to 32.

export interface DiffRow {
  /** Where the setting stands: `optim.lr`. */
  key: string
  /** One per side, in their order; undefined where a side lacks the setting. */
  values: readonly unknown[]
  differs: boolean
}

export type Side = Readonly<Record<string, unknown>> | null | undefined

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Nested settings as paths joined by dots. Lists stay whole: their places mean nothing by themselves. */
export function flatten(side: Side): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const walk = (value: unknown, path: string): void => {
    const entries = isRecord(value) ? Object.entries(value) : []
    if (path !== '' && entries.length === 0) found.set(path, value)
    for (const [name, inner] of entries) walk(inner, path === '' ? name : `${path}.${name}`)
  }
  walk(side ?? {}, '')
  return found
}

/** The same text for the same value, whatever the order of its keys; a missing one is like no value. */
function identity(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(identity).join(',')}]`
  if (isRecord(value)) return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${identity(value[key])}`).join(',')}}`
  return value === undefined ? 'missing' : JSON.stringify(value)
}

/** Rows of all settings that any side has, in the order of their names. */
export function allRows(sides: readonly Side[]): DiffRow[] {
  const flat = sides.map(flatten)
  const keys = [...new Set(flat.flatMap((side) => [...side.keys()]))].sort((a, b) => a.localeCompare(b))
  return keys.map((key) => {
    const values = flat.map((side) => side.get(key))
    return { key, values, differs: new Set(values.map(identity)).size > 1 }
  })
}

/** Only the settings in which the sides differ. */
export function diffRows(...sides: readonly Side[]): DiffRow[] {
  return allRows(sides).filter((row) => row.differs)
}

/** A value as a table shows it. Texts stand as they are, everything else as JSON; a missing one is empty. */
export function shownValue(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
