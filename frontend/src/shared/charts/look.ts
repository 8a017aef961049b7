// How a reader looks at curves: axes, smoothing, what is cut away. One value, so that it travels as one property.
import type { Smoother } from './smoothing'

export const X_AXES = ['step', 'relative', 'wall'] as const
/**
 * Over the steps or epochs that were reported, the time since a job's first point, the time of day, or the values of
 * another metric: `metric:` and its name.
 */
export type XAxis = (typeof X_AXES)[number] | `metric:${string}`

const METRIC = 'metric:'
export const overMetric = (name: string): XAxis => `${METRIC}${name}`
/** The metric that an axis is made of, if it is. */
export const metricOf = (axis: XAxis): string | null => (axis.startsWith(METRIC) ? axis.slice(METRIC.length) : null)
export const asXAxis = (text: string): XAxis => (text.startsWith(METRIC) && text.length > METRIC.length ? overMetric(text.slice(METRIC.length)) : (X_AXES.find((one) => one === text) ?? 'step'))

export interface ChartLook {
  x: XAxis
  /** Logarithmic value axis. */
  log: boolean
  /** Logarithmic x axis. */
  logX: boolean
  /** The value axis spans what most points span; outliers leave the picture. */
  clip: boolean
  smoother: Smoother
  /** From 0 (off) to below 1. */
  smoothing: number
}

export const PLAIN_LOOK: ChartLook = { x: 'step', log: false, logX: false, clip: false, smoother: 'ema', smoothing: 0 }
