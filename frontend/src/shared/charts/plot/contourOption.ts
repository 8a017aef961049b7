// A contour of two columns over a third: bands of colour between the points where it is known. Pure.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { axisOf, PLOT_GRID, told, tooltipOf } from './axes'
import { mix, ramp } from './ramp'
import type { Surface } from './surface'

export interface ContourPoint {
  name: string
  x: number
  y: number
  value: number
}

export interface ContourSettings {
  surface: Surface | null
  points: readonly ContourPoint[]
  names: { x: string; y: string; value: string }
  logs: { x: boolean; y: boolean }
  /** Low values are the better ones: they get the end of the ramp that high ones have else. */
  lowIsBetter: boolean
  theme: ThemeName
  format: (value: number) => string
}

const BANDS = 12
// Of the colour, so that points stand out from what lies under them.
const STRENGTH = 0.75

/** From 0 to 1 in as many steps as there are bands. */
export const bandOf = (share: number): number => Math.min(BANDS - 1, Math.floor(share * BANDS)) / (BANDS - 1)

export function contourOption(settings: ContourSettings) {
  const { theme, surface, points, names } = settings
  const palette = PALETTES[theme]
  const share = goodness(settings)
  const cells = (surface?.values ?? []).flatMap((row, y) =>
    row.flatMap((value, x) => (value === null || !surface ? [] : [[surface.xs[x], surface.xs[x + 1], surface.ys[y], surface.ys[y + 1], value] as number[]])),
  )
  return {
    animation: false,
    grid: PLOT_GRID,
    xAxis: edged(axisOf({ name: names.x, kind: 'number', log: settings.logs.x, format: settings.format }, theme, 'x'), surface?.xs),
    yAxis: edged(axisOf({ name: names.y, kind: 'number', log: settings.logs.y, format: settings.format }, theme, 'y'), surface?.ys),
    tooltip: tooltipOf(theme, ({ dataIndex, seriesId }) => {
      const cell = cells[dataIndex]
      if (seriesId === 'surface') return cell ? told(`≈ ${settings.format(cell[4] as number)}`, []) : ''
      const point = points[dataIndex]
      return point ? told(point.name, [[names.x, settings.format(point.x)], [names.y, settings.format(point.y)], [names.value, settings.format(point.value)]]) : ''
    }),
    series: [
      {
        id: 'surface',
        type: 'custom' as const,
        renderItem: (_: unknown, api: { value: (dimension: number) => number; coord: (point: number[]) => number[] }) => {
          const [left, bottom] = api.coord([api.value(0), api.value(2)]) as [number, number]
          const [right, top] = api.coord([api.value(1), api.value(3)]) as [number, number]
          const fill = mix(palette.surface, ramp(theme, bandOf(share(api.value(4)))), STRENGTH)
          // A pixel more, so that no seam shows between two cells.
          return { type: 'rect' as const, shape: { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }, style: { fill } }
        },
        encode: { x: [0, 1], y: [2, 3] },
        data: cells,
        clip: true,
        progressive: 0,
        z: 1,
      },
      {
        id: 'points',
        type: 'scatter' as const,
        symbolSize: 9,
        z: 3,
        data: points.map((point) => ({ name: point.name, value: [point.x, point.y], itemStyle: { color: ramp(theme, share(point.value)), borderColor: palette.text, borderWidth: 1.25 } })),
      },
    ],
  }
}

/** The axis ends where the surface does: at no round number, so that its ends have no label. */
function edged(axis: ReturnType<typeof axisOf>, edges: readonly number[] | undefined) {
  return { ...axis, min: edges?.[0], max: edges?.at(-1), splitLine: { show: false }, axisLabel: { ...axis.axisLabel, showMinLabel: false, showMaxLabel: false } }
}

function goodness({ points, lowIsBetter }: ContourSettings): (value: number) => number {
  const values = points.map(({ value }) => value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return (value) => {
    const share = high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0.5
    return lowIsBetter ? 1 - share : share
  }
}
