// A comparison as a file: CSV, Markdown, and LaTeX with the best in bold (booktabs). Pure.
import { tableCsv } from '@/shared/charts/plot'
import type { Side } from './sides'
import { cellText, type Row } from './table'

export const FORMS = ['csv', 'markdown', 'latex'] as const
export type Form = (typeof FORMS)[number]
export const ENDINGS: Record<Form, string> = { csv: 'csv', markdown: 'md', latex: 'tex' }

interface Text {
  text: string
  best: boolean
}

const textsOf = (row: Row, format: (value: number) => string): Text[] => row.values.map((value, at) => ({ text: cellText(value, format), best: row.best === at }))

const TEX: Record<string, string> = { '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '−': '-', '–': '--' }
const inLatex = (text: string): string => text.replace(/[\\~^−–]|[&%$#_{}]/g, (sign) => TEX[sign] ?? `\\${sign}`)
const inMarkdown = (text: string): string => text.replace(/[\\|*_`<>[\]]/g, (sign) => `\\${sign}`).replace(/\r?\n/g, ' ')

export function exported(form: Form, sides: readonly Side[], rows: readonly Row[], format: (value: number) => string): string {
  if (form === 'csv') {
    const cells = rows.map((row) => [row.section, row.name, ...row.values.map((value) => (typeof value === 'number' ? value : value === undefined || value === null ? null : cellText(value, String)))])
    return tableCsv({ head: ['section', 'name', ...sides.map(({ title }) => title)], rows: cells })
  }
  return form === 'markdown' ? markdown(sides, rows, format) : latex(sides, rows, format)
}

function markdown(sides: readonly Side[], rows: readonly Row[], format: (value: number) => string): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const body = rows.map((row) => line([inMarkdown(row.name), ...textsOf(row, format).map(({ text, best }) => (best ? `**${inMarkdown(text)}**` : inMarkdown(text)))]))
  return [line(['', ...sides.map(({ title }) => inMarkdown(title))]), line(['---', ...sides.map(() => '---:')]), ...body, ''].join('\n')
}

function latex(sides: readonly Side[], rows: readonly Row[], format: (value: number) => string): string {
  const line = (cells: readonly string[]): string => `${cells.join(' & ')} \\\\`
  const body = rows.flatMap((row, at) => {
    const cells = textsOf(row, format).map(({ text, best }) => (best ? `\\textbf{${inLatex(text)}}` : inLatex(text)))
    const rule = at > 0 && rows[at - 1]?.section !== row.section ? ['\\midrule'] : []
    return [...rule, line([inLatex(row.name), ...cells])]
  })
  return [`\\begin{tabular}{l${'r'.repeat(sides.length)}}`, '\\toprule', line(['', ...sides.map(({ title }) => inLatex(title))]), '\\midrule', ...body, '\\bottomrule', '\\end{tabular}', ''].join('\n')
}
