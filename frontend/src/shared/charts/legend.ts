// Which lines a reader has chosen to see. Pure: a choice and an act in, the new choice out.

export interface LegendChoice {
  /** Drawn above the others, in the order of pinning. */
  pinned: readonly string[]
  hidden: readonly string[]
  /** All others are hidden. */
  solo: string | null
}

export const ALL_SHOWN: LegendChoice = { pinned: [], hidden: [], solo: null }

const toggled = (ids: readonly string[], id: string): string[] => (ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id])

export const isShown = ({ hidden, solo }: LegendChoice, id: string): boolean => (solo === null ? !hidden.includes(id) : solo === id)

export const pin = (choice: LegendChoice, id: string): LegendChoice => ({ ...choice, pinned: toggled(choice.pinned, id) })
export const solo = (choice: LegendChoice, id: string): LegendChoice => ({ ...choice, solo: choice.solo === id ? null : id })

/** Hiding ends a solo: what the reader wants to see is then told line by line. */
export const hide = (choice: LegendChoice, id: string): LegendChoice => ({ ...choice, solo: null, hidden: toggled(choice.hidden, id) })

export interface Row {
  id: string
  name: string
}

/** Rows whose name or id holds every word of the search. */
export function matching<T extends Row>(rows: readonly T[], search: string): T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter(({ id, name }) => words.every((word) => `${name} ${id}`.toLowerCase().includes(word)))
}
