// A scatter of two columns: size and colour by two more, and the front of what nothing beats. Pure.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { axisOf, PLOT_GRID, told, tooltipOf } from './axes'
import { categoriesOf, numbersOf, type PlotColumn } from './columns'
import { ramp, shareOf } from './ramp'
import { paretoFront, type Aim, type Pair } from './statistics'

export interface ScatterSettings {
  x: PlotColumn
  y: PlotColumn
  size?: PlotColumn
  colour?: PlotColumn
  /** Of each row. */
  names: readonly string[]
  /** Of each row, where no column colours it. */
  colours?: readonly string[]
  theme: ThemeName
  logX: boolean
  logY: boolean
  /** What is better in x and in y: with it the front is drawn. */
  front?: readonly [Aim, Aim]
  highlighted?: number | null
  format: (value: number) => string
}

const SMALLEST = 6
const LARGEST = 26

/** The rows that have a place on both axes, with their two values; categories by their place in the order. */
export function placedRows(settings: Pick<ScatterSettings, 'x' | 'y' | 'logX' | 'logY'>): { row: number; pair: Pair }[] {
  const place = (column: PlotColumn, log: boolean) => {
    const words = categoriesOf(column)
    return (row: number): number | null => {
      const value = column.values[row] ?? null
      if (value === null) return null
      if (typeof value === 'string') return words.indexOf(value)
      return log && value <= 0 ? null : value
    }
  }
  const [x, y] = [place(settings.x, settings.logX), place(settings.y, settings.logY)]
  return settings.x.values.flatMap((_, row) => {
    const pair = [x(row), y(row)]
    return pair[0] === null || pair[1] === null ? [] : [{ row, pair: pair as [number, number] }]
  })
}

export function scatterOption(settings: ScatterSettings) {
  const { theme, x, y } = settings
  const palette = PALETTES[theme]
  const rows = placedRows(settings)
  const colour = colouring(settings)
  const sizes = settings.size ? shareOf(numbersOf(settings.size)) : null
  const front = settings.front ? paretoFront(rows.map(({ pair }) => pair), settings.front).map((at) => rows[at]) : []
  return {
    animation: false,
    grid: PLOT_GRID,
    xAxis: axisOf({ name: x.name, kind: x.kind, log: settings.logX, categories: categoriesOf(x), format: settings.format }, theme, 'x'),
    yAxis: axisOf({ name: y.name, kind: y.kind, log: settings.logY, categories: categoriesOf(y), format: settings.format }, theme, 'y'),
    tooltip: tooltipOf(theme, ({ dataIndex, seriesId }) => rowText(settings, (seriesId === 'front' ? front[dataIndex] : rows[dataIndex])?.row ?? -1)),
    series: [
      {
        id: 'points',
        type: 'scatter' as const,
        data: rows.map(({ row, pair }) => ({
          name: settings.names[row],
          value: [...pair],
          symbolSize: sizes ? sizeOf(settings.size, sizes, row) : settings.highlighted === row ? 16 : 10,
          itemStyle: { color: colour(row), opacity: settings.highlighted == null || settings.highlighted === row ? 0.85 : 0.35, borderColor: palette.surface, borderWidth: 1 },
        })),
      },
      ...(front.length > 1
        ? [
            {
              id: 'front',
              type: 'line' as const,
              step: 'end' as const,
              data: front.map((one) => [...(one?.pair ?? [0, 0])]),
              symbol: 'circle',
              symbolSize: 5,
              z: 1,
              lineStyle: { color: palette.textFaint, type: 'dashed' as const, width: 1.5 },
              itemStyle: { color: palette.textFaint },
            },
          ]
        : []),
    ],
  }
}

function sizeOf(column: PlotColumn | undefined, share: (value: number) => number, row: number): number {
  const value = column?.values[row]
  return typeof value === 'number' ? SMALLEST + share(value) * (LARGEST - SMALLEST) : SMALLEST
}

function colouring(settings: ScatterSettings): (row: number) => string {
  const { colour, theme } = settings
  if (!colour) return (row) => settings.colours?.[row] ?? PALETTES[theme].accent
  const share = shareOf(numbersOf(colour))
  const words = categoriesOf(colour)
  return (row) => {
    const value = colour.values[row] ?? null
    if (value === null) return PALETTES[theme].textFaint
    return ramp(theme, typeof value === 'number' ? share(value) : words.length > 1 ? words.indexOf(value) / (words.length - 1) : 0.5)
  }
}

function rowText(settings: ScatterSettings, row: number): string {
  const columns = [settings.x, settings.y, settings.size, settings.colour].filter((column): column is PlotColumn => column !== undefined)
  const cells = [...new Set(columns)].map((column) => {
    const value = column.values[row] ?? null
    return [column.name, value === null ? '–' : typeof value === 'number' ? settings.format(value) : value] as const
  })
  return told(settings.names[row] ?? '', cells)
}
