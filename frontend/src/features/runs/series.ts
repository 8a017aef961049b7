// The points of one job, by metric and kind of step. Points that arrive again replace, late ones find their place, and
// what a new run of the job supersedes goes. The columns are plain arrays outside Vue's reactivity; `version` says that
// they changed.
import type { XAxis } from '@/shared/charts'
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
}

type Point = [number, number | null]
/** Step, value, and when it was reported: NaN where that is not known. */
type Row = [number, number | null, number]
type Data = Readonly<Record<string, unknown>>

// A page that stays open for days gets points by the million; a screen shows a few thousand.
const MOST_POINTS = 8_000
const RUN = 8

export class Curve {
  readonly steps: number[] = []
  readonly values: (number | null)[] = []
  readonly times: number[] = []
  /** The server has more points than these. */
  thinned = false

  /** New points come last nearly always, so the place is looked for from the end. */
  put(step: number, value: number | null, time = NaN): void {
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

  points(): Point[] {
    return this.steps.map((step, index) => [step, this.values[index] ?? null])
  }

  rows(): Row[] {
    return this.steps.map((step, index) => [step, this.values[index] ?? null, this.times[index] ?? NaN])
  }

  assign(rows: readonly Row[]): void {
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
  const numbers = points.filter((row): row is [number, number, number] => row[1] !== null)
  if (numbers.length < 2) return points.slice(0, 1)
  const low = numbers.reduce((best, point) => (point[1] < best[1] ? point : best))
  const high = numbers.reduce((best, point) => (point[1] > best[1] ? point : best))
  return low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]
}

function rowsOf({ steps, values, times }: Columns): Row[] {
  return steps.map((step, index) => [step, values[index] ?? null, times?.[index] ?? NaN])
}

export class JobSeries {
  version = 0
  resumes: Resume[] = []
  private readonly curves: Record<Kind, Map<string, Curve>> = { epoch: new Map(), step: new Map() }
  // Live points since the oldest reading that is under way: what is read may not know them yet.
  private readonly fresh: [Kind, Data, number][] = []
  private readings = 0

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
    }
    this.version += 1
  }

  /** Metrics with at least one number: of one kind, or of both. */
  names(kind?: Kind): string[] {
    const found = (kind ? [kind] : (['epoch', 'step'] as const)).flatMap((one) => [...this.curves[one]])
    return [...new Set(found.filter(([, curve]) => curve.values.some((value) => value !== null)).map(([name]) => name))]
  }

  /** Over epochs where a metric is known so, else over steps. */
  kindOf(name: string): Kind {
    return this.curves.epoch.has(name) || !this.curves.step.has(name) ? 'epoch' : 'step'
  }

  /** Over time, what has none is left out; time of day in milliseconds, time since the start in seconds. */
  points(name: string, kind: Kind = this.kindOf(name), axis: XAxis = 'step'): Point[] {
    const curve = this.curves[kind].get(name)
    if (!curve || axis === 'step') return curve?.points() ?? []
    const timed = curve.rows().filter(([, , time]) => Number.isFinite(time))
    const place = this.placer(axis)
    return timed.sort((a, b) => a[2] - b[2]).map(([, value, time]): Point => [place(time), value])
  }

  /** Where the job began anew, as far as the axis has a place for it; `at` in seconds since 1970. */
  resumePlaces(kind: Kind, axis: XAxis = 'step'): { x: number; at: number }[] {
    const place = this.placer(axis)
    return this.resumes.flatMap((resume) => {
      const x = resume[kind]
      // A new run that reported nothing of this kind has no place on its curves.
      return x === null ? [] : [{ x: axis === 'step' ? x : place(resume.at), at: resume.at }]
    })
  }

  /** The steps that lie in a part of an axis, or null when none does. */
  stepsBetween(kind: Kind, axis: XAxis, from: number, to: number): [number, number] | null {
    if (axis === 'step') return [from, to]
    const place = this.placer(axis)
    let low = Infinity
    let high = -Infinity
    for (const curve of this.curves[kind].values()) {
      curve.times.forEach((time, index) => {
        const x = place(time)
        if (!(x >= from && x <= to)) return
        low = Math.min(low, curve.steps[index] as number)
        high = Math.max(high, curve.steps[index] as number)
      })
    }
    return low <= high ? [low, high] : null
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

  /** From seconds since 1970 to a place on a time axis. */
  private placer(axis: XAxis): (time: number) => number {
    const origin = this.began()
    return (time) => (axis === 'wall' ? time * 1000 : time - origin)
  }

  /** When the first of all points was reported. */
  private began(): number {
    const firsts = [...this.curves.epoch.values(), ...this.curves.step.values()].flatMap(({ times }) => times.find(Number.isFinite) ?? [])
    return firsts.reduce((least, time) => Math.min(least, time), Infinity)
  }

  private place(data: Data, kind: Kind, time: number): void {
    const step = data[kind] as number
    this.supersede(kind, step)
    for (const [name, value] of Object.entries(numericValues(data))) this.curve(kind, name).put(step, value, time)
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
