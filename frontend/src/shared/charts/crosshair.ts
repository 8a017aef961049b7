// The place that is pointed at, shared by the charts of a group in a unit that all of them know (a step, a time).
import { shallowReactive } from 'vue'

const places = shallowReactive(new Map<string, { at: number; by: symbol } | null>())

export const crosshairOf = (group: string) => places.get(group) ?? null

export function pointAt(group: string, by: symbol, at: number | null): void {
  if (at !== null) places.set(group, { at, by })
  // What another chart has pointed at since is its own.
  else if (places.get(group)?.by === by) places.delete(group)
}
