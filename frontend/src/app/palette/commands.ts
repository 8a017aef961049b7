// What the palette offers, and which of it a search finds. Pure: no reading, no going anywhere.
import type { Component } from 'vue'
import type { RouteLocationRaw } from 'vue-router'

export const GROUPS = ['pages', 'batches', 'projects', 'jobs', 'hosts', 'studies', 'search', 'actions'] as const
export type Group = (typeof GROUPS)[number]

export interface Command {
  id: string
  group: Group
  title: string
  /** A word beside the title: the project of a batch, say. */
  detail?: string
  /** Further words that a search finds it by. */
  words?: string
  /** The shortcut that does the same. */
  keys?: readonly string[]
  icon?: Component
  to?: RouteLocationRaw
  act?: () => unknown
  /** The server chose it for this search already. */
  found?: boolean
}

export interface Section {
  group: Group
  commands: Command[]
}

// So many that every group shows without scrolling far.
const MOST_IN_GROUP = 6

/** Lower is better; null where some word of the search does not occur. */
export function rank(command: Command, search: string): number | null {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean)
  const title = command.title.toLowerCase()
  const hay = `${title}\n${command.detail ?? ''}\n${command.words ?? ''}`.toLowerCase()
  if (!words.every((word) => hay.includes(word))) return command.found ? 3 : null
  const first = words[0] ?? ''
  if (title.startsWith(first)) return 0
  if (title.split(/[\s\-_/.]+/).some((part) => part.startsWith(first))) return 1
  return title.includes(first) ? 2 : 3
}

/** The sections of the list for a search: groups in their order, the best of each first. */
export function sectionsFor(commands: readonly Command[], search: string): Section[] {
  return GROUPS.flatMap((group) => {
    const ranked = commands
      .filter((command) => command.group === group)
      .map((command) => ({ command, place: rank(command, search) }))
      .filter((entry): entry is { command: Command; place: number } => entry.place !== null)
      .sort((a, b) => a.place - b.place)
    const most = group === 'pages' || group === 'actions' ? ranked.length : MOST_IN_GROUP
    const chosen = ranked.slice(0, most).map((entry) => entry.command)
    return chosen.length > 0 ? [{ group, commands: chosen }] : []
  })
}

/** The place after (or before) one in a ring of `count`. */
export const around = (at: number, step: number, count: number): number => (count === 0 ? 0 : (at + step + count) % count)
