// A chart as a file.
import { saveFile } from '@/shared/browser/save'
import { PALETTES, themeName } from '@/shared/theme'
import { fileName, toCsv } from './csv'
import type { LineChartSettings } from './lineOption'

export type Form = 'png' | 'svg' | 'csv'

export interface Saved extends Omit<LineChartSettings, 'theme'> {
  name: string
  xName: string
  width: number
  height: number
}

export async function saveChart(form: Form, chart: Saved): Promise<void> {
  const name = fileName(chart.name, form)
  if (form === 'csv') return saveFile(new Blob([toCsv(chart.series, chart.xName)], { type: 'text/csv;charset=utf-8' }), name)
  const [{ toPng, toSvg }, { lineOption }] = await Promise.all([import('./exports'), import('./lineOption')])
  const option = lineOption({ ...chart, theme: themeName.value })
  const background = PALETTES[themeName.value].surface
  if (form === 'svg') return saveFile(new Blob([toSvg(option, chart.width, chart.height, background)], { type: 'image/svg+xml' }), name)
  const image = await toPng(option, chart.width, chart.height, background)
  if (image) saveFile(image, name)
}
