// The points of one job, by metric and kind of step. Points that arrive again replace, late ones find their place, and
// what a new run of the job supersedes goes. The columns are plain arrays outside Vue's reactivity; `version` says that
// they changed. What is no number is kept as it was told: NaN or an infinity.
import { NO_POINTS, pointsOf, type Columns as Packed, type Point } from '@/shared/charts/columns'
import { joined } from '@/shared/charts/join'
import { metricOf, type XAxis } from '@/shared/charts/look'
import { numericValues } from './fold'

export type Kind = 'epoch' | 'step'

/** Where a job began anew: `at` in seconds since 1970, the lowest epoch and step that the new run reported. */
export interface Resume {
  at: number
  epoch: number | null
  step: number | null
}

export interface Columns {
  name: string
  kind: Kind
  steps: readonly number[]
  values: readonly (number | null)[]
  /** Seconds since 1970. */
  times?: readonly number[]
  n_points: number
  /** At which steps a value is no number, as far as is told. */
  nonfinite?: { nan: readonly number[]; pos_inf: readonly number[]; neg_inf: readonly number[] } | null
}

/** Step, value, and when it was reported: NaN where that is not known. */
type Row = [number, number, number]
type Data = Readonly<Record<string, unknown>>

// A page that stays open for days gets points by the million; a screen shows a few thousand.
const MOST_POINTS = 8_000
const RUN = 8

export class Curve {
  readonly steps: number[] = []
  readonly values: number[] = []
  readonly times: number[] = []
  /** The server has more points than these. */
  thinned = false
  private packed: Packed | null = null

  /** New points come last nearly always, so the place is looked for from the end. */
  put(step: number, value: number, time = NaN): void {
    this.packed = null
    let place = this.steps.length
    while (place > 0 && (this.steps[place - 1] as number) > step) place -= 1
    if (this.steps[place - 1] === step) {
      this.values[place - 1] = value
      this.times[place - 1] = time
      return
    }
    this.steps.splice(place, 0, step)
    this.values.splice(place, 0, value)
    this.times.splice(place, 0, time)
    if (this.steps.length > MOST_POINTS) this.thin()
  }

  /** Over steps, as charts compute with them; the same until something changes. */
  columns(): Packed {
    this.packed ??= { x: new Float64Array(this.steps), y: new Float64Array(this.values) }
    return this.packed
  }

  rows(): Row[] {
    return this.steps.map((step, index) => [step, this.values[index] ?? NaN, this.times[index] ?? NaN])
  }

  assign(rows: readonly Row[]): void {
    this.packed = null
    this.steps.length = 0
    this.values.length = 0
    this.times.length = 0
    for (const [step, value, time] of rows) {
      this.steps.push(step)
      this.values.push(value)
      this.times.push(time)
    }
  }

  cutFrom(step: number): void {
    this.assign(this.rows().filter(([at]) => at < step))
  }

  /** Of every few points the lowest and the highest stay, and the newest thousands as they are. */
  private thin(): void {
    const points = this.rows()
    const kept: Row[] = []
    const untouched = points.length - MOST_POINTS / 4
    for (let begin = 0; begin < untouched; begin += RUN) kept.push(...extremes(points.slice(begin, Math.min(begin + RUN, untouched))))
    this.assign([...kept, ...points.slice(untouched)])
    this.thinned = true
  }
}

function extremes(points: readonly Row[]): Row[] {
  const numbers = points.filter(([, value]) => Number.isFinite(value))
  if (numbers.length < 2) return points.slice(0, 1)
  const low = numbers.reduce((best, point) => (point[1] < best[1] ? point : best))
  const high = numbers.reduce((best, point) => (point[1] > best[1] ? point : best))
  return low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]
}

function rowsOf({ steps, values, times, nonfinite }: Columns): Row[] {
  const odd = new Map<number, number>([...(nonfinite?.pos_inf ?? []).map((step) => [step, Infinity] as const), ...(nonfinite?.neg_inf ?? []).map((step) => [step, -Infinity] as const)])
  return steps.map((step, index) => [step, values[index] ?? odd.get(step) ?? NaN, times?.[index] ?? NaN])
}

/** A number that JSON has no word for, as an event tells it. */
const oddNumber = (told: unknown): number => (told === 'Infinity' ? Infinity : told === '-Infinity' ? -Infinity : NaN)

export class JobSeries {
  version = 0
  resumes: Resume[] = []
  private readonly curves: Record<Kind, Map<string, Curve>> = { epoch: new Map(), step: new Map() }
  // Live points since the oldest reading that is under way: what is read may not know them yet.
  private readonly fresh: [Kind, Data, number][] = []
  private readings = 0
  private readonly derived = new WeakMap<Curve, { axis: XAxis; version: number; columns: Packed }>()

  /** The numbers of one epoch or step, as a job_epoch or job_step event carries them; `time` in seconds since 1970. */
  put(data: Data, kind: Kind = 'epoch', time = NaN): void {
    const step = data[kind]
    if (typeof step !== 'number' || !Number.isFinite(step)) return
    if (this.readings > 0) this.fresh.push([kind, data, time])
    this.place(data, kind, time)
    this.version += 1
  }

  /** A job_start: with points there already, a new run begins. */
  begin(at: number): void {
    if (Number.isNaN(at) || this.lastStep() === null || this.resumes.some((resume) => resume.at >= at)) return
    this.resumes = [...this.resumes.filter((resume) => resume.epoch !== null || resume.step !== null), { at, epoch: null, step: null }]
    this.version += 1
  }

  /** Whole curves are being read: points that arrive from now on are not forgotten when `close` replaces them. */
  open(): number {
    this.readings += 1
    return this.fresh.length
  }

  /** Takes what was read, or nothing when reading failed; `mark` is what `open` returned. */
  close(mark: number, read: { series: readonly Columns[]; resumes: readonly Resume[] } | null): void {
    this.readings -= 1
    if (read) {
      this.resumes = read.resumes.map((resume) => ({ ...resume }))
      for (const columns of read.series) this.replace(columns)
      for (const [kind, data, time] of this.fresh.slice(mark)) this.place(data, kind, time)
      this.version += 1
    }
    if (this.readings === 0) this.fresh.length = 0
  }

  /** Puts the finer points of a part of the curves in between those that are here; resumes count where none is known. */
  refine(series: readonly Columns[], resumes: readonly Resume[] = []): void {
    if (this.resumes.length === 0) this.resumes = resumes.map((resume) => ({ ...resume }))
    for (const columns of series) {
      const curve = this.curve(columns.kind, columns.name)
      const finer = new Set(columns.steps)
      const others = curve.rows().filter(([step]) => !finer.has(step))
      curve.assign([...others, ...rowsOf(columns)].sort(([a], [b]) => a - b))
      curve.thinned ||= columns.n_points > columns.steps.length
    }
    this.version += 1
  }

  /** Metrics with at least one number: of one kind, or of both. */
  names(kind?: Kind): string[] {
    const found = (kind ? [kind] : (['epoch', 'step'] as const)).flatMap((one) => [...this.curves[one]])
    return [...new Set(found.filter(([, curve]) => curve.values.some(Number.isFinite)).map(([name]) => name))]
  }

  /** Over epochs where a metric is known so, else over steps. */
  kindOf(name: string): Kind {
    return this.curves.epoch.has(name) || !this.curves.step.has(name) ? 'epoch' : 'step'
  }

  /**
   * One metric, rising in x. Over time, what has none is left out; time of day in milliseconds, time since the start in
   * seconds. Over another metric, the two are joined by their steps.
   */
  columns(name: string, kind: Kind = this.kindOf(name), axis: XAxis = 'step'): Packed {
    const curve = this.curves[kind].get(name)
    if (!curve) return NO_POINTS
    if (axis === 'step') return curve.columns()
    const known = this.derived.get(curve)
    if (known?.axis === axis && known.version === this.version) return known.columns
    const columns = this.over(curve, kind, axis)
    this.derived.set(curve, { axis, version: this.version, columns })
    return columns
  }

  /** The same as pairs; what is no number is null. */
  points(name: string, kind: Kind = this.kindOf(name), axis: XAxis = 'step'): Point[] {
    return pointsOf(this.columns(name, kind, axis))
  }

  /** Where the job began anew, as far as the axis has a place for it; `at` in seconds since 1970. */
  resumePlaces(kind: Kind, axis: XAxis = 'step'): { x: number; at: number }[] {
    return this.resumes.flatMap((resume) => {
      const step = resume[kind]
      // A new run that reported nothing of this kind has no place on its curves.
      const x = step === null ? undefined : this.resumePlace(step, resume.at, kind, axis)
      return x === undefined ? [] : [{ x, at: resume.at }]
    })
  }

  /** When the newest point was reported; NaN where none was. */
  lastTime(): number {
    const lasts = [...this.curves.epoch.values(), ...this.curves.step.values()].flatMap(({ times }) => times.findLast(Number.isFinite) ?? [])
    return lasts.length > 0 ? Math.max(...lasts) : NaN
  }

  /** The kind that most curves are over. */
  mainKind(): Kind {
    return this.curves.step.size > this.curves.epoch.size ? 'step' : 'epoch'
  }

  /** When each step of a kind was reported, in milliseconds: what joins curves over steps with what has only times. */
  clock(kind: Kind): Packed {
    const times = new Map<number, number>()
    for (const curve of this.curves[kind].values()) curve.steps.forEach((step, at) => times.set(step, curve.times[at] as number))
    const rows = [...times].filter(([, time]) => Number.isFinite(time)).sort(([a], [b]) => a - b)
    return { x: Float64Array.from(rows, ([step]) => step), y: Float64Array.from(rows, ([, time]) => time * 1000) }
  }

  /** The steps that lie in a part of an axis, or null when none does. */
  stepsBetween(kind: Kind, axis: XAxis, from: number, to: number): [number, number] | null {
    if (axis === 'step') return [from, to]
    const steps = metricOf(axis) === null ? this.stepsAtTimes(kind, axis, from, to) : this.stepsAtValues(kind, axis, from, to)
    return steps.length > 0 ? [steps.reduce((a, b) => Math.min(a, b)), steps.reduce((a, b) => Math.max(a, b))] : null
  }

  /** Whether the server has more points of this kind than are here. */
  isThinned(kind: Kind): boolean {
    return [...this.curves[kind].values()].some((curve) => curve.thinned)
  }

  lastStep(kind?: Kind): number | null {
    const all = (kind ? [kind] : (['epoch', 'step'] as const)).flatMap((one) => [...this.curves[one].values()])
    const ends = all.map((curve) => curve.steps.at(-1)).filter((step): step is number => step !== undefined)
    return ends.length > 0 ? Math.max(...ends) : null
  }

  private over(curve: Curve, kind: Kind, axis: XAxis): Packed {
    const metric = metricOf(axis)
    if (metric !== null) return joined(curve.columns(), this.columns(metric, kind))
    const place = this.placer(axis)
    const timed = curve.rows().filter(([, , time]) => Number.isFinite(time))
    timed.sort((a, b) => a[2] - b[2])
    return { x: Float64Array.from(timed, ([, , time]) => place(time)), y: Float64Array.from(timed, ([, value]) => value) }
  }

  private resumePlace(step: number, at: number, kind: Kind, axis: XAxis): number | undefined {
    const metric = metricOf(axis)
    if (metric !== null) return joined({ x: Float64Array.of(step), y: Float64Array.of(0) }, this.columns(metric, kind)).x[0]
    return axis === 'step' ? step : this.placer(axis)(at)
  }

  private stepsAtTimes(kind: Kind, axis: XAxis, from: number, to: number): number[] {
    const place = this.placer(axis)
    return [...this.curves[kind].values()].flatMap(({ steps, times }) => steps.filter((_, at) => place(times[at] as number) >= from && place(times[at] as number) <= to))
  }

  private stepsAtValues(kind: Kind, axis: XAxis, from: number, to: number): number[] {
    const { x, y } = this.columns(metricOf(axis) as string, kind)
    return [...x.filter((_, at) => (y[at] as number) >= from && (y[at] as number) <= to)]
  }

  /** From seconds since 1970 to a place on a time axis. */
  private placer(axis: XAxis): (time: number) => number {
    const origin = this.began()
    return (time) => (axis === 'wall' ? time * 1000 : time - origin)
  }

  /** When the first of all points was reported, in seconds since 1970; Infinity where none was. */
  began(): number {
    const firsts = [...this.curves.epoch.values(), ...this.curves.step.values()].flatMap(({ times }) => times.find(Number.isFinite) ?? [])
    return firsts.reduce((least, time) => Math.min(least, time), Infinity)
  }

  private place(data: Data, kind: Kind, time: number): void {
    const step = data[kind] as number
    this.supersede(kind, step)
    for (const [name, value] of Object.entries(numericValues(data))) this.curve(kind, name).put(step, value ?? oddNumber(data[name]), time)
  }

  /** The first number that a new run reports: what its predecessors said of it and of later ones is gone. */
  private supersede(kind: Kind, step: number): void {
    const last = this.resumes.at(-1)
    if (!last || last[kind] !== null) return
    this.resumes = [...this.resumes.slice(0, -1), { ...last, [kind]: step }]
    for (const curve of this.curves[kind].values()) curve.cutFrom(step)
  }

  private replace(columns: Columns): void {
    const curve = this.curve(columns.kind, columns.name)
    curve.assign(rowsOf(columns))
    curve.thinned = columns.n_points > columns.steps.length
  }

  private curve(kind: Kind, name: string): Curve {
    let curve = this.curves[kind].get(name)
    if (!curve) {
      curve = new Curve()
      this.curves[kind].set(name, curve)
    }
    return curve
  }
}
