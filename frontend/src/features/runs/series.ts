// The points of one job, by metric and kind of step. Points that arrive again replace, late ones find their place, and
// what a new run of the job supersedes goes. The columns are plain arrays outside Vue's reactivity; `version` says that
// they changed.
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
  n_points: number
}

type Point = [number, number | null]
type Data = Readonly<Record<string, unknown>>

// A page that stays open for days gets points by the million; a screen shows a few thousand.
const MOST_POINTS = 8_000
const RUN = 8

export class Curve {
  readonly steps: number[] = []
  readonly values: (number | null)[] = []
  /** The server has more points than these. */
  thinned = false

  /** New points come last nearly always, so the place is looked for from the end. */
  put(step: number, value: number | null): void {
    let place = this.steps.length
    while (place > 0 && (this.steps[place - 1] as number) > step) place -= 1
    if (this.steps[place - 1] === step) {
      this.values[place - 1] = value
      return
    }
    this.steps.splice(place, 0, step)
    this.values.splice(place, 0, value)
    if (this.steps.length > MOST_POINTS) this.thin()
  }

  points(): Point[] {
    return this.steps.map((step, index) => [step, this.values[index] ?? null])
  }

  assign(points: readonly Point[]): void {
    this.steps.length = 0
    this.values.length = 0
    for (const [step, value] of points) {
      this.steps.push(step)
      this.values.push(value)
    }
  }

  cutFrom(step: number): void {
    this.assign(this.points().filter(([at]) => at < step))
  }

  /** Of every few points the lowest and the highest stay, and the newest thousands as they are. */
  private thin(): void {
    const points = this.points()
    const kept: Point[] = []
    const untouched = points.length - MOST_POINTS / 4
    for (let begin = 0; begin < untouched; begin += RUN) kept.push(...extremes(points.slice(begin, Math.min(begin + RUN, untouched))))
    this.assign([...kept, ...points.slice(untouched)])
    this.thinned = true
  }
}

function extremes(points: readonly Point[]): Point[] {
  const numbers = points.filter(([, value]) => value !== null) as [number, number][]
  if (numbers.length < 2) return points.slice(0, 1)
  const low = numbers.reduce((best, point) => (point[1] < best[1] ? point : best))
  const high = numbers.reduce((best, point) => (point[1] > best[1] ? point : best))
  return low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]
}

export class JobSeries {
  version = 0
  resumes: Resume[] = []
  private readonly curves: Record<Kind, Map<string, Curve>> = { epoch: new Map(), step: new Map() }
  // Live points since the oldest reading that is under way: what is read may not know them yet.
  private readonly fresh: [Kind, Data][] = []
  private readings = 0

  /** The numbers of one epoch or step, as a job_epoch or job_step event carries them. */
  put(data: Data, kind: Kind = 'epoch'): void {
    const step = data[kind]
    if (typeof step !== 'number' || !Number.isFinite(step)) return
    if (this.readings > 0) this.fresh.push([kind, data])
    this.place(data, kind)
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
      for (const [kind, data] of this.fresh.slice(mark)) this.place(data, kind)
      this.version += 1
    }
    if (this.readings === 0) this.fresh.length = 0
  }

  /** Puts the finer points of a part of the curves in between those that are here. */
  refine(series: readonly Columns[]): void {
    for (const { name, kind, steps, values } of series) {
      const curve = this.curve(kind, name)
      const finer = new Map<number, number | null>(steps.map((step, index) => [step, values[index] ?? null]))
      const others = curve.points().filter(([step]) => !finer.has(step))
      curve.assign([...others, ...finer].sort(([a], [b]) => a - b))
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

  points(name: string, kind: Kind = this.kindOf(name)): Point[] {
    return this.curves[kind].get(name)?.points() ?? []
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

  private place(data: Data, kind: Kind): void {
    const step = data[kind] as number
    this.supersede(kind, step)
    for (const [name, value] of Object.entries(numericValues(data))) this.curve(kind, name).put(step, value)
  }

  /** The first number that a new run reports: what its predecessors said of it and of later ones is gone. */
  private supersede(kind: Kind, step: number): void {
    const last = this.resumes.at(-1)
    if (!last || last[kind] !== null) return
    this.resumes = [...this.resumes.slice(0, -1), { ...last, [kind]: step }]
    for (const curve of this.curves[kind].values()) curve.cutFrom(step)
  }

  private replace({ name, kind, steps, values, n_points }: Columns): void {
    const curve = this.curve(kind, name)
    curve.assign(steps.map((step, index) => [step, values[index] ?? null]))
    curve.thinned = n_points > steps.length
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
