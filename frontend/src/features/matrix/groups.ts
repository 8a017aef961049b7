// The seed groups of a cell beside each other: what differs in their settings.
export type Flat = ReadonlyMap<string, string>

export function flatten(config: unknown, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>()
  if (config === null || typeof config !== 'object' || Array.isArray(config)) return flat
  for (const [name, value] of Object.entries(config)) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) for (const [inner, text] of flatten(value, `${prefix}${name}.`)) flat.set(inner, text)
    else flat.set(prefix + name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return flat
}

/** Of each configuration the settings that are not the same in all, as `lr=0.1`. */
export function differences(configs: readonly unknown[]): string[][] {
  const flats = configs.map((config) => flatten(config))
  const names = [...new Set(flats.flatMap((flat) => [...flat.keys()]))].sort()
  const varied = names.filter((name) => new Set(flats.map((flat) => flat.get(name))).size > 1)
  return flats.map((flat) => varied.map((name) => `${name}=${flat.get(name) ?? '–'}`))
}

/** A text of the query language. A quote or backslash within has a backslash before it. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** A metric's name may hold what the language cannot say. */
export const canAsk = (metric: string): boolean => !/["\\]/.test(metric)

export interface CellName {
  project?: string
  batchId?: string
  model: string
  dataset: string
}

/** The condition that finds the jobs of a cell. */
export function conditionOf(cell: CellName): string {
  const same = (field: string, value: string): string => (value ? `${field} = ${quoted(value)}` : `${field} is null`)
  const within = cell.batchId ? same('batch', cell.batchId) : same('project', cell.project ?? '')
  return [within, same('model', cell.model), same('dataset', cell.dataset)].join(' and ')
}

