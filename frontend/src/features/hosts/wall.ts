// The GPU wall: what the server said of every GPU, moved by the readings that the stream brings.
import type { LiveEvent } from '@/api/live'
import type { GpuTile } from './api'

export type GpuState = GpuTile['state']
export const STATES: readonly GpuState[] = ['busy', 'idle', 'foreign', 'free', 'silent']

const IDLE_BELOW = 5

export const tileKey = (tile: Pick<GpuTile, 'host' | 'index'>): string => `${tile.host} ${tile.index}`

/** Two letters for a person: of two words their first ones, else the first two of the name. */
export function initialsOf(name: string | null | undefined): string {
  const words = (name ?? '').split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]).join('') : [...(words[0] ?? '')].slice(0, 2).join('')
  return letters.toLocaleUpperCase() || '?'
}

export interface Host {
  host: string
  tiles: GpuTile[]
}

export function byHost(tiles: readonly GpuTile[]): Host[] {
  const found = new Map<string, GpuTile[]>()
  for (const tile of tiles) found.set(tile.host, [...(found.get(tile.host) ?? []), tile])
  return [...found].map(([host, own]) => ({ host, tiles: own.sort((a, b) => a.index - b.index) })).sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }))
}

export function countStates(tiles: readonly GpuTile[]): Record<GpuState, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<GpuState, number>
  for (const tile of tiles) counts[tile.state] += 1
  return counts
}

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

interface Told {
  index: number
  util: number | null
  mem: number | null
  temp: number | null
  power: number | null
  own: boolean
}

function toldBy(event: LiveEvent): Told[] {
  const cards = Array.isArray(event.data.gpus) ? (event.data.gpus as Record<string, unknown>[]) : []
  return cards.map((card, place) => ({
    index: number(card.index) ?? place,
    util: number(card.util_pct),
    mem: number(card.mem_mb),
    temp: number(card.temp_c),
    power: number(card.power_w),
    own: (number(card.proc_mem_mb) ?? 0) > 0,
  }))
}

export interface Folded {
  tiles: readonly GpuTile[]
  /** A GPU changed hands, or one appeared: the server says whose it is. */
  isStale: boolean
}

/** Puts the numbers of a resource_snapshot in place. That a GPU idles takes minutes: it is the server that says so. */
export function foldReading(tiles: readonly GpuTile[], event: LiveEvent): Folded {
  const host = event.source.host ?? 'unknown'
  const told = new Map(toldBy(event).map((one) => [one.index, one]))
  if (told.size === 0) return { tiles, isStale: false }
  let isStale = ![...told.keys()].every((index) => tiles.some((tile) => tile.host === host && tile.index === index))
  const next = tiles.map((tile) => {
    const one = tile.host === host ? told.get(tile.index) : undefined
    if (!one) return tile
    const isTaken = one.own && tile.holder?.batch_id !== event.batch_id
    const isLeft = !one.own && tile.holder?.batch_id === event.batch_id
    if (isTaken || isLeft || tile.state === 'silent') isStale = true
    const works = tile.state === 'idle' && (one.util ?? 0) > IDLE_BELOW
    return { ...tile, util_pct: one.util, mem_mb: one.mem, temp_c: one.temp, power_w: one.power, seen_at: event.timestamp, state: works ? 'busy' : tile.state, idle_s: works ? null : tile.idle_s }
  })
  return { tiles: next, isStale }
}
