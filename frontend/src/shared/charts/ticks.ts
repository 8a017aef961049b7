// Where the ticks of an axis stand: at round numbers, at powers of ten, at round times of the reader's day.
import { niceStep, type Axis, type Domain } from './scale'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const TIMES = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  .concat([1, 2, 5, 10, 15, 30].map((count) => count * SECOND), [1, 2, 5, 10, 15, 30].map((count) => count * MINUTE))
  .concat([1, 2, 3, 6, 12].map((count) => count * HOUR), [1, 2, 5, 10, 20, 50, 100, 200, 400].map((count) => count * DAY))

/** About `most` round values within a domain. `whole`: no ticks between two whole numbers. */
export function valueTicks({ from, to, log }: Domain, most: number, whole = false): number[] {
  if (log) return logTicks(from, to, most)
  if (!(to > from)) return [from]
  const step = niceStep((to - from) / most)
  return multiples(from, to, whole ? Math.max(1, Math.ceil(step)) : step)
}

/** Ticks of a value axis: its own where its ends are ticks. */
export const axisTicks = (axis: Axis, most: number): number[] => (axis.log || axis.interval === undefined ? valueTicks(axis, most) : multiples(axis.from, axis.to, axis.interval))

/** Round times, in milliseconds since 1970, where the reader is. */
export function timeTicks({ from, to }: Domain, most: number): number[] {
  if (!(to > from)) return [from]
  const rough = (to - from) / most
  const step = TIMES.find((one) => one >= rough) ?? niceStep(rough / DAY) * DAY
  const ahead = -new Date(from).getTimezoneOffset() * MINUTE
  return multiples(from + ahead, to + ahead, step).map((time) => time - ahead)
}

function multiples(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step - 1e-9)
  const count = Math.floor(to / step + 1e-9) - first + 1
  // Of numbers that a double cannot tell apart there are no multiples.
  if (!Number.isFinite(count) || count < 1) return []
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(15)))
}

function logTicks(from: number, to: number, most: number): number[] {
  const [low, high] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)]
  const power = (exponent: number): number => Number(`1e${exponent}`)
  if (high - low >= 1) {
    const stride = Math.ceil((high - low) / most)
    return Array.from({ length: Math.floor((high - low) / stride) + 1 }, (_, at) => power(low + at * stride))
  }
  const inside = [low - 1, low].flatMap((exponent) => [1, 2, 5].map((digit) => digit * power(exponent))).filter((value) => value >= from && value <= to)
  return inside.length > 1 ? inside : valueTicks({ from, to, log: false }, most)
}
