// The points of one job, metric by metric. Points that arrive again replace, late ones find their place.
// The columns are plain arrays outside Vue's reactivity; `version` says that they changed.
import { numericValues } from './fold'

export class Curve {
  readonly steps: number[] = []
  readonly values: (number | null)[] = []

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
  }
}

export class JobSeries {
  version = 0
  private readonly curves = new Map<string, Curve>()

  /** One epoch's numbers, as a job_epoch event carries them. */
  put(data: Readonly<Record<string, unknown>>): void {
    const epoch = data.epoch
    if (typeof epoch !== 'number' || !Number.isFinite(epoch)) return
    for (const [name, value] of Object.entries(numericValues(data))) this.curve(name).put(epoch, value)
    this.version += 1
  }

  /** Columns of one metric, as the server sends curves. */
  putColumns(name: string, steps: readonly number[], values: readonly (number | null)[]): void {
    const curve = this.curve(name)
    steps.forEach((step, index) => curve.put(step, values[index] ?? null))
    this.version += 1
  }

  /** Metrics with at least one number. */
  names(): string[] {
    return [...this.curves].filter(([, curve]) => curve.values.some((value) => value !== null)).map(([name]) => name)
  }

  points(name: string): [number, number | null][] {
    const curve = this.curves.get(name)
    return curve ? curve.steps.map((step, index) => [step, curve.values[index] ?? null]) : []
  }

  lastStep(): number | null {
    const ends = [...this.curves.values()].map((curve) => curve.steps.at(-1)).filter((step): step is number => step !== undefined)
    return ends.length > 0 ? Math.max(...ends) : null
  }

  private curve(name: string): Curve {
    let curve = this.curves.get(name)
    if (!curve) {
      curve = new Curve()
      this.curves.set(name, curve)
    }
    return curve
  }
}
