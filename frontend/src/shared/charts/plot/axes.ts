// Axes and tooltips as all plots have them.
import { PALETTES, type ThemeName } from '@/shared/theme'

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Room for the names of both axes. */
export const PLOT_GRID = { left: 72, right: 20, top: 16, bottom: 48 }

export interface AxisSettings {
  name: string
  kind: 'number' | 'category'
  log?: boolean
  categories?: readonly string[]
  format: (value: number) => string
}

export function axisOf(settings: AxisSettings, theme: ThemeName, side: 'x' | 'y') {
  const palette = PALETTES[theme]
  const isWords = settings.kind === 'category'
  return {
    type: isWords ? ('category' as const) : settings.log ? ('log' as const) : ('value' as const),
    name: settings.name,
    nameLocation: 'middle' as const,
    nameGap: side === 'x' ? 28 : 54,
    nameTextStyle: { color: palette.textSoft, fontSize: 12 },
    nameTruncate: { maxWidth: 260, ellipsis: '…' },
    data: isWords ? [...(settings.categories ?? [])] : undefined,
    scale: !isWords,
    axisLine: { show: side === 'x', lineStyle: { color: palette.lineStrong } },
    axisTick: { show: false },
    splitLine: { show: true, lineStyle: { color: palette.line } },
    axisLabel: { color: palette.textFaint, fontSize: 11, hideOverlap: true, formatter: isWords ? undefined : (value: number) => settings.format(value) },
  }
}

export function tooltipOf(theme: ThemeName, formatter: (item: { dataIndex: number; seriesId?: string; seriesIndex?: number; name?: string }) => string) {
  const palette = PALETTES[theme]
  return {
    trigger: 'item' as const,
    confine: true,
    transitionDuration: 0,
    backgroundColor: palette.raised,
    borderColor: palette.lineStrong,
    padding: [8, 12],
    textStyle: { color: palette.text, fontSize: 12 },
    formatter: (item: unknown) => formatter(item as { dataIndex: number; seriesId?: string; seriesIndex?: number; name?: string }),
  }
}

/** Rows of a tooltip: a name and a value each. Both come from users: they are escaped. */
export function told(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([name, value]) => `<tr><td style="opacity:0.75">${escapeHtml(name)}</td><td style="text-align:right;padding-left:16px;font-variant-numeric:tabular-nums">${escapeHtml(value)}</td></tr>`,
  )
  return `<div style="font-weight:600;margin-bottom:4px">${escapeHtml(title)}</div><table>${lines.join('')}</table>`
}
