// What a terminal would show of one line: colours and weights of SGR sequences, carriage returns and backspaces that
// write over what stood before. Every other escape sequence is removed. Pure; nothing here makes HTML.
// After ECMA-48 and xterm's "Control Sequences".

/** 0 to 255 is a place in xterm's palette; a text is `#rrggbb`. */
export type Colour = number | string

export interface TextStyle {
  fg?: Colour
  bg?: Colour
  bold?: boolean
  dim?: boolean
  italic?: boolean
  underline?: boolean
  strike?: boolean
  inverse?: boolean
}

export interface Segment {
  text: string
  style: TextStyle
}

const PLAIN: TextStyle = {}
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/
// CSI with its parameters, OSC and other strings up to their end, or an escape of two characters. A sequence that is cut
// off at the end of the line goes too.
const ESCAPE = /(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~]|$)|\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)|\u001b(?:[ -/]*[0-~]|$)/y
const PARAMETERS = 16

export function parseAnsi(line: string): Segment[] {
  if (!SPECIAL.test(line)) return line === '' ? [] : [{ text: line, style: PLAIN }]
  return merged(writeCells(line))
}

/** The line without anything that a terminal would not show. */
export const plainText = (line: string): string => parseAnsi(line).map((segment) => segment.text).join('')

interface Cells {
  texts: string[]
  styles: TextStyle[]
}

function writeCells(line: string): Cells {
  const cells: Cells = { texts: [], styles: [] }
  let style = PLAIN
  let cursor = 0
  let at = 0
  while (at < line.length) {
    ESCAPE.lastIndex = at
    const escape = ESCAPE.exec(line)
    if (escape) {
      at += escape[0].length
      if (escape[2] === 'm') style = applySgr(style, escape[1] ?? '')
      else if (escape[2] === 'K') erase(cells, cursor, escape[1] ?? '')
      else if (escape[2] === 'G') cursor = Math.max(0, Number(escape[1] || 1) - 1)
      continue
    }
    const character = String.fromCodePoint(line.codePointAt(at) as number)
    at += character.length
    if (character === '\r') cursor = 0
    else if (character === '\b') cursor = Math.max(0, cursor - 1)
    else if (character === '\t' || !SPECIAL.test(character)) {
      // A cursor that was set beyond the end leaves blanks; more of them than a screen is wide help nobody.
      while (cells.texts.length < Math.min(cursor, 500)) put(cells, cells.texts.length, ' ', PLAIN)
      put(cells, Math.min(cursor, cells.texts.length), character, style)
      cursor += 1
    }
  }
  return cells
}

function put(cells: Cells, at: number, text: string, style: TextStyle): void {
  cells.texts[at] = text
  cells.styles[at] = style
}

function erase(cells: Cells, cursor: number, mode: string): void {
  if (mode === '2') cells.texts.length = cells.styles.length = 0
  else if (mode === '' || mode === '0') cells.texts.length = cells.styles.length = Math.min(cells.texts.length, cursor)
  else if (mode === '1') for (let at = 0; at < Math.min(cursor + 1, cells.texts.length); at += 1) put(cells, at, ' ', PLAIN)
}

function merged({ texts, styles }: Cells): Segment[] {
  const segments: Segment[] = []
  texts.forEach((text, at) => {
    const last = segments.at(-1)
    const style = styles[at] ?? PLAIN
    if (last && last.style === style) last.text += text
    else segments.push({ text, style })
  })
  return segments
}

const SWITCHES: Readonly<Record<number, TextStyle>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: undefined, dim: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { strike: undefined },
  39: { fg: undefined },
  49: { bg: undefined },
}

function applySgr(before: TextStyle, parameters: string): TextStyle {
  let style = before
  // `4:3` is an underline of some kind, `38:2::r:g:b` a colour: colons bind closer than semicolons.
  const groups = parameters.split(';').slice(0, PARAMETERS * 3)
  for (let at = 0; at < groups.length; at += 1) {
    const [code = 0, ...inner] = (groups[at] ?? '').split(':').map((part) => (part === '' ? 0 : Number(part)))
    if (code === 0) style = PLAIN
    else if (code === 38 || code === 48) {
      const rest = inner.length > 0 ? withoutColourSpace(inner) : groups.slice(at + 1, at + 5).map((part) => Number(part || 0))
      const [colour, used] = extended(rest)
      if (inner.length === 0) at += used
      if (colour !== null) style = { ...style, [code === 38 ? 'fg' : 'bg']: colour }
    } else if (code === 4 && inner[0] === 0) style = { ...style, underline: undefined }
    else if (SWITCHES[code]) style = { ...style, ...SWITCHES[code] }
    else style = { ...style, ...basic(code) }
  }
  return style
}

const withoutColourSpace = (inner: readonly number[]): number[] => (inner[0] === 2 && inner.length > 4 ? [2, ...inner.slice(2)] : [...inner])

function basic(code: number): TextStyle {
  if (code >= 30 && code <= 37) return { fg: code - 30 }
  if (code >= 90 && code <= 97) return { fg: code - 82 }
  if (code >= 40 && code <= 47) return { bg: code - 40 }
  if (code >= 100 && code <= 107) return { bg: code - 92 }
  return {}
}

/** `5;n` or `2;r;g;b`: the colour, and how many parameters it took. */
function extended([kind, ...values]: readonly number[]): [Colour | null, number] {
  const isByte = (value: number | undefined): value is number => value !== undefined && Number.isInteger(value) && value >= 0 && value <= 255
  if (kind === 5) return [isByte(values[0]) ? values[0] : null, 2]
  if (kind !== 2) return [null, 1]
  const rgb = values.slice(0, 3)
  return [rgb.length === 3 && rgb.every(isByte) ? `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}` : null, 4]
}
