// How a reader looks at curves: axes, smoothing, what is cut away. One value, so that it travels as one property.
import type { Smoother } from './smoothing'

export const X_AXES = ['step', 'relative', 'wall'] as const
/** Over the steps or epochs that were reported, the time since a job's first point, or the time of day. */
export type XAxis = (typeof X_AXES)[number]

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
