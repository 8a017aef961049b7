// From data to pixels: domains of axes, with round ends for values.

export interface Domain {
  from: number
  to: number
  log: boolean
}

export interface Axis extends Domain {
  /** Distance of ticks; undefined: the axis finds its own. */
  interval?: number
}

export interface Rect {
  left: number
  top: number
  width: number
  height: number
}

const SPLITS = 4
const NICE = [1, 2, 2.5, 5, 10]
const A_DECADE = 10

/** The next of 1, 2, 2.5 and 5 times a power of ten that is not smaller. */
export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const found = NICE.find((one) => one * power >= rough * (1 - 1e-9)) ?? A_DECADE
  return found * power
}

/** A value axis that holds a span, its ends on ticks. */
export function niceAxis(low: number, high: number): Axis {
  if (low === high) {
    const air = Math.abs(low) * 0.1 || 1
    return niceAxis(low - air, high + air)
  }
  const interval = niceStep((high - low) / SPLITS)
  const clean = (value: number): number => Number((Math.round(value / interval) * interval).toPrecision(12))
  return { from: clean(Math.floor(low / interval + 1e-9) * interval), to: clean(Math.ceil(high / interval - 1e-9) * interval), log: false, interval }
}

/** A logarithmic axis: whole decades where the span has one, else a little air. */
export function logAxis(low: number, high: number): Axis {
  if (high / low < A_DECADE) return { from: low / 1.1, to: high * 1.1, log: true }
  return { from: 10 ** Math.floor(Math.log10(low) + 1e-9), to: 10 ** Math.ceil(Math.log10(high) - 1e-9), log: true }
}

const flat = ({ log }: Domain, value: number): number => (log ? Math.log10(value) : value)

/** Factor and offset: pixel = factor * (value or its logarithm) + offset. */
export function mapping(domain: Domain, begin: number, end: number): { factor: number; offset: number } {
  const from = flat(domain, domain.from)
  const width = flat(domain, domain.to) - from || 1
  const factor = (end - begin) / width
  return { factor, offset: begin - factor * from }
}

export function toPixel(domain: Domain, value: number, begin: number, end: number): number {
  const { factor, offset } = mapping(domain, begin, end)
  return factor * flat(domain, value) + offset
}

export function fromPixel(domain: Domain, pixel: number, begin: number, end: number): number {
  const { factor, offset } = mapping(domain, begin, end)
  const value = (pixel - offset) / factor
  return domain.log ? 10 ** value : value
}

/** A domain that is narrower (below 1) or wider around a value that keeps its pixel, within the whole. */
export function zoomed(domain: Domain, around: number, factor: number, whole: Domain): Domain {
  const part = (flat(domain, around) - flat(domain, domain.from)) / (flat(domain, domain.to) - flat(domain, domain.from))
  const width = (flat(domain, domain.to) - flat(domain, domain.from)) * factor
  return within(flat(domain, around) - part * width, width, whole)
}

/** Moved by a share of what is seen. */
export function panned(domain: Domain, share: number, whole: Domain): Domain {
  const width = flat(domain, domain.to) - flat(domain, domain.from)
  return within(flat(domain, domain.from) + share * width, width, whole)
}

// A billionth of the whole is as close as numbers of a double can be told apart with ease.
const CLOSEST = 1e-9

function within(from: number, width: number, whole: Domain): Domain {
  const [low, high] = [flat(whole, whole.from), flat(whole, whole.to)]
  const size = Math.min(high - low, Math.max(width, (high - low) * CLOSEST))
  const begin = Math.min(high - size, Math.max(low, from))
  const back = (value: number): number => (whole.log ? 10 ** value : value)
  if (size >= (high - low) * (1 - 1e-9)) return { ...whole }
  return { from: back(begin), to: back(begin + size), log: whole.log }
}
