// How a reader looks at curves, in the URL. The slider writes when it rests, not at every step.
import { computed, ref, watch, type WritableComputedRef } from 'vue'
import { asXAxis, type ChartLook, type XAxis } from '@/shared/charts/look'
import { SMOOTHERS, type Smoother } from '@/shared/charts/smoothing'
import { useQueryFlag, useQueryNumber, useQueryText } from './useQuery'

const REST_MS = 200
const STRONGEST = 0.98

const oneOf = <T extends string>(known: readonly T[], value: string): T => known.find((one) => one === value) ?? (known[0] as T)

export function useChartLook(): WritableComputedRef<ChartLook> {
  const x = useQueryText<XAxis>('x', 'step')
  const log = useQueryFlag('log')
  const logX = useQueryFlag('logx')
  const clip = useQueryFlag('clip')
  const smoother = useQueryText<Smoother>('smoother', 'ema')
  const stored = useQueryNumber('smooth', 0)
  const smoothing = ref(stored.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(smoothing, (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => (stored.value = value), REST_MS)
  })

  return computed({
    get: () => ({
      x: asXAxis(x.value),
      log: log.value,
      logX: logX.value,
      clip: clip.value,
      smoother: oneOf(SMOOTHERS, smoother.value),
      smoothing: Math.min(STRONGEST, Math.max(0, smoothing.value)),
    }),
    set: (look) => {
      if (look.x !== x.value) x.value = look.x
      if (look.log !== log.value) log.value = look.log
      if (look.logX !== logX.value) logX.value = look.logX
      if (look.clip !== clip.value) clip.value = look.clip
      if (look.smoother !== smoother.value) smoother.value = look.smoother
      smoothing.value = look.smoothing
    },
  })
}
