// How places on an axis are written, by what it is made of.
import { useI18n } from 'vue-i18n'
import { metricOf, type XAxis } from '@/shared/charts/look'
import { useFormat } from '@/shared/i18n/useFormat'
import type { Kind } from './series'

export interface AxisText {
  format: (x: number) => string
  tick: (x: number) => string
}

export function useAxisText(): (axis: XAxis, kind: Kind) => AxisText {
  const { t } = useI18n()
  const { metric, absolute, clock, duration } = useFormat()
  return (axis, kind) => {
    if (axis === 'relative') return { format: duration, tick: duration }
    if (axis === 'wall') return { format: absolute, tick: (time) => clock(time, Date.now()) }
    const name = metricOf(axis)
    if (name !== null) return { format: (x) => `${name} ${metric(x)}`, tick: metric }
    // A zoom leads between two steps; there is no point there.
    const whole = (x: number): string => String(Number(x.toFixed(2)))
    return { format: (x) => (kind === 'step' ? t('charts.step', { step: whole(x) }) : t('charts.epoch', { epoch: whole(x) })), tick: whole }
  }
}
