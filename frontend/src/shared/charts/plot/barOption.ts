// Lying bars, the first on top, with what they may be off by. Pure.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { told, tooltipOf } from './axes'

export interface Bar {
  name: string
  value: number
  /** Half of the line that crosses the end of the bar. */
  spread?: number | null
}

export interface BarSettings {
  bars: readonly Bar[]
  theme: ThemeName
  format: (value: number) => string
}

export function barOption({ bars, theme, format }: BarSettings) {
  const palette = PALETTES[theme]
  return {
    animation: false,
    grid: { left: 164, right: 60, top: 8, bottom: 8 },
    xAxis: { type: 'value' as const, min: 0, max: Math.max(...bars.map(({ value }) => value), 0.01) * 1.05, axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: {
      type: 'category' as const,
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: palette.text, fontSize: 12, width: 150, overflow: 'truncate' as const, interval: 0 },
    },
    tooltip: tooltipOf(theme, ({ dataIndex }) => {
      const bar = bars[dataIndex]
      return bar ? told(bar.name, [['', bar.spread ? `${format(bar.value)} ± ${format(bar.spread)}` : format(bar.value)]]) : ''
    }),
    series: [
      {
        id: 'bars',
        type: 'bar' as const,
        data: bars.map(({ value }) => value),
        barMaxWidth: 20,
        itemStyle: { color: palette.accent, borderRadius: [0, 3, 3, 0] },
        label: { show: true, position: 'right' as const, color: palette.textSoft, fontSize: 12, formatter: ({ dataIndex }: { dataIndex: number }) => format(bars[dataIndex]?.value ?? 0) },
      },
    ],
  }
}
