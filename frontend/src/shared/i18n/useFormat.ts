// The formatters of format.ts, bound to the reader's language.
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import * as format from './format'

export function useFormat() {
  const { locale } = useI18n()
  return {
    locale,
    metric: format.formatMetric,
    percent: format.formatPercent,
    memory: format.formatMemory,
    count: (value: number) => format.formatCount(value, locale.value),
    duration: (seconds: number | null | undefined) => format.formatDuration(seconds, locale.value),
    relative: (then: number, now: number) => format.formatRelative(then, now, locale.value),
    absolute: (time: number) => format.formatAbsolute(time, locale.value),
    clock: (time: number, now: number) => format.formatClock(time, now, locale.value),
    day: (time: number) => format.formatDay(time, locale.value),
    date: (time: number) => format.formatDate(time, locale.value),
    isChinese: computed(() => locale.value === 'zh-CN'),
  }
}
