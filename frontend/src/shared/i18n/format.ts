// Numbers, durations and times as a reader of the present language expects them.

const DASH = '–'

// To make a formatter takes a hundred times as long as to use it, and a list uses thousands.
const made = new Map<string, unknown>()

function kept<T, O extends object>(Formatter: new (locale: string, options: O) => T, locale: string, options: O): T {
  const key = `${Formatter.name} ${locale} ${Object.values(options).join(' ')}`
  const known = made.get(key) as T | undefined
  if (known !== undefined) return known
  const formatter = new Formatter(locale, options)
  made.set(key, formatter)
  return formatter
}

const numbers = (locale: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat => kept(Intl.NumberFormat, locale, options)
const times = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => kept(Intl.DateTimeFormat, locale, options)
const ages = (locale: string, options: Intl.RelativeTimeFormatOptions): Intl.RelativeTimeFormat => kept(Intl.RelativeTimeFormat, locale, options)

/** Metric values: four significant digits; an exponent where plain digits would mislead. */
export function formatMetric(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(2)
  if (Number.isInteger(value)) return String(value)
  return String(Number(value.toPrecision(4)))
}

export function formatPercent(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? DASH : `${value.toFixed(digits)}%`
}

/** Mebibytes in, the unit that fits out. */
export function formatMemory(mebibytes: number | null | undefined): string {
  if (mebibytes === null || mebibytes === undefined) return DASH
  if (mebibytes < 1024) return `${Math.round(mebibytes)} MiB`
  const gibibytes = mebibytes / 1024
  if (gibibytes < 1024) return `${gibibytes.toFixed(gibibytes < 10 ? 1 : 0)} GiB`
  return `${(gibibytes / 1024).toFixed(1)} TiB`
}

export function formatCount(value: number, locale: string): string {
  return numbers(locale).format(value)
}

/** 3_725 -> "1 h 2 min"; two units at most. */
export function formatDuration(seconds: number | null | undefined, locale: string): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return DASH
  const whole = Math.max(0, Math.round(seconds))
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'day'],
    [Math.floor((whole % 86_400) / 3_600), 'hour'],
    [Math.floor((whole % 3_600) / 60), 'minute'],
    [whole % 60, 'second'],
  ]
  const first = parts.findIndex(([amount]) => amount > 0)
  if (first < 0) return unit(0, 'second', locale)
  return parts
    .slice(first, first + 2)
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, name]) => unit(amount, name, locale))
    .join(' ')
}

function unit(amount: number, name: string, locale: string): string {
  return numbers(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(amount).replace(/\.$/, '')
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

export function formatRelative(then: number, now: number, locale: string): string {
  const seconds = (then - now) / 1000
  const [name, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  // What is past counts whole units gone; what is to come is named by the nearest.
  const units = seconds / size
  const amount = Math.abs(seconds) < 5 ? 0 : seconds > 0 ? Math.round(units) : Math.trunc(units)
  return ages(locale, { numeric: 'auto', style: 'short' }).format(amount, name)
}

export function formatAbsolute(time: number, locale: string): string {
  return times(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(time)
}

/** The clock time, with the day when it is not today's. */
export function formatClock(time: number, now: number, locale: string): string {
  const [then, today] = [new Date(time), new Date(now)]
  // Both languages read the same. The first formatter of times takes 30 ms to make, and every page says one.
  if (then.toDateString() === today.toDateString()) return [then.getHours(), then.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':')
  return times(locale, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(time)
}

/** A day where the reader is, with its year. */
export function formatDate(time: number, locale: string): string {
  return times(locale, { dateStyle: 'medium' }).format(time)
}

/** A day of a calendar in UTC, as the server counts them. */
export function formatDay(time: number, locale: string): string {
  return times(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(time)
}

/** Milliseconds since 1970, or null for anything that is not a time. */
export function parseTime(text: string | null | undefined): number | null {
  if (!text) return null
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : time
}

/** Long ids keep their beginning and their end. */
export function shortenMiddle(text: string, longest = 28): string {
  if (text.length <= longest) return text
  const tail = Math.floor((longest - 1) / 3)
  return `${text.slice(0, longest - 1 - tail)}…${text.slice(-tail)}`
}
