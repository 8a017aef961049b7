// Parallel coordinates: an axis for each column, a line for each row. Pure.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { categoriesOf, isBrushed, numbersOf, type Brushes, type PlotColumn } from './columns'
import { told } from './axes'
import { ramp, shareOf } from './ramp'

export interface ParallelSettings {
  columns: readonly PlotColumn[]
  /** Of each row. */
  names: readonly string[]
  theme: ThemeName
  /** Columns with a logarithmic axis. */
  logs: ReadonlySet<string>
  /** The column whose values colour the lines; else `colours`, one for each row. */
  colourBy: string | null
  colours?: readonly string[]
  brushes: Brushes
  highlighted: number | null
  format: (value: number) => string
}

const FAINT = 0.06

export function parallelOption(settings: ParallelSettings) {
  const { columns, theme } = settings
  const palette = PALETTES[theme]
  const by = columns.find((column) => column.name === settings.colourBy)
  const many = settings.names.length > 60
  return {
    animation: false,
    parallel: { left: 56, right: 72, top: 44, bottom: 24, axisExpandable: false },
    parallelAxis: columns.map((column, dim) => ({
      dim,
      name: column.name,
      nameLocation: 'end' as const,
      nameGap: 14,
      nameTruncate: { maxWidth: 120, ellipsis: '…' },
      nameTextStyle: { color: palette.text, fontSize: 12 },
      type: column.kind === 'category' ? ('category' as const) : settings.logs.has(column.name) ? ('log' as const) : ('value' as const),
      data: column.kind === 'category' ? categoriesOf(column) : undefined,
      scale: column.kind === 'number',
      axisLine: { lineStyle: { color: palette.lineStrong } },
      axisTick: { lineStyle: { color: palette.lineStrong } },
      axisLabel: { color: palette.textSoft, fontSize: 11, formatter: column.kind === 'category' ? shorten : settings.format },
      areaSelectStyle: { width: 18, color: palette.accent, opacity: 0.25, borderColor: palette.accent },
    })),
    tooltip: {
      confine: true,
      transitionDuration: 0,
      backgroundColor: palette.raised,
      borderColor: palette.lineStrong,
      padding: [8, 12],
      textStyle: { color: palette.text, fontSize: 12 },
      formatter: (item: unknown) => rowText(settings, (item as { dataIndex: number }).dataIndex),
    },
    series: [
      {
        id: 'rows',
        type: 'parallel' as const,
        smooth: 0.15,
        progressive: 0,
        emphasis: { lineStyle: { width: 3, opacity: 1 } },
        // Brushes are shown by our own opacity, so that what is out of one stays visible as a trace.
        activeOpacity: 1,
        inactiveOpacity: 1,
        data: settings.names.map((name, row) => ({
          name,
          value: columns.map((column) => column.values[row] ?? '-'),
          lineStyle: {
            color: settings.colours && !by ? settings.colours[row] : colourOf(by, settings, row),
            width: settings.highlighted === row ? 3 : many ? 1 : 1.75,
            opacity: isBrushed(columns, settings.brushes, row) ? (settings.highlighted === null || settings.highlighted === row ? (many ? 0.55 : 0.85) : 0.25) : FAINT,
          },
        })),
      },
    ],
  }
}

const shorten = (text: string): string => (text.length > 16 ? `${text.slice(0, 15)}…` : text)

function colourOf(by: PlotColumn | undefined, settings: ParallelSettings, row: number): string {
  if (!by) return PALETTES[settings.theme].accent
  const value = by.values[row] ?? null
  if (value === null) return PALETTES[settings.theme].textFaint
  if (typeof value === 'number') return ramp(settings.theme, shareOf(numbersOf(by), settings.logs.has(by.name))(value))
  const words = categoriesOf(by)
  return ramp(settings.theme, words.length > 1 ? words.indexOf(value) / (words.length - 1) : 0.5)
}

function rowText(settings: ParallelSettings, row: number): string {
  const cells = settings.columns.map((column) => {
    const value = column.values[row] ?? null
    return [column.name, value === null ? '–' : typeof value === 'number' ? settings.format(value) : value] as const
  })
  return told(settings.names[row] ?? '', cells)
}
