// What each trial reached, in order, and the best so far. Pure.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { axisOf, PLOT_GRID, told, tooltipOf } from './axes'

export interface HistoryPoint {
  name: string
  x: number
  value: number
  /** It did not run to its end. */
  cut: boolean
}

export interface HistorySettings {
  points: readonly HistoryPoint[]
  /** The best so far, where it changed and at the end. */
  best: readonly (readonly [x: number, value: number])[]
  names: { x: string; value: string }
  log: boolean
  theme: ThemeName
  format: (value: number) => string
}

export function historyOption({ points, best, names, log, theme, format }: HistorySettings) {
  const palette = PALETTES[theme]
  return {
    animation: false,
    grid: PLOT_GRID,
    xAxis: { ...axisOf({ name: names.x, kind: 'number', format: String }, theme, 'x'), minInterval: 1, splitLine: { show: false } },
    yAxis: axisOf({ name: names.value, kind: 'number', log, format }, theme, 'y'),
    tooltip: tooltipOf(theme, ({ dataIndex, seriesId }) => {
      const place = seriesId === 'best' ? best[dataIndex] : undefined
      if (place) return told(format(place[1]), [[names.x, String(place[0])]])
      const point = points[dataIndex]
      return point ? told(point.name, [[names.value, format(point.value)]]) : ''
    }),
    series: [
      {
        id: 'trials',
        type: 'scatter' as const,
        data: points.map(({ name, x, value, cut }) => ({
          name,
          value: [x, value],
          symbol: cut ? 'emptyCircle' : 'circle',
          symbolSize: 8,
          itemStyle: { color: cut ? palette.textFaint : palette.accent, opacity: cut ? 0.8 : 0.65 },
        })),
      },
      { id: 'best', type: 'line' as const, step: 'end' as const, data: best.map((place) => [...place]), symbol: 'none', lineStyle: { color: palette.running, width: 2 }, itemStyle: { color: palette.running } },
    ],
  }
}
