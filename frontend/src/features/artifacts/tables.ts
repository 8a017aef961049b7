// A table out of a text: comma or tab separated, quoted as RFC 4180 says. A preview needs no more than its beginning.

export interface Table {
  header: string[]
  rows: string[][]
  /** Whether rows were left out. */
  more: boolean
}

export function parseTable(text: string, mostRows = 200): Table {
  const first = text.slice(0, text.search(/\r?\n/) >>> 0)
  const comma = first.split('\t').length > first.split(',').length ? '\t' : first.split(';').length > first.split(',').length ? ';' : ','
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length && rows.length <= mostRows + 1; at += 1) {
    const character = text[at] as string
    if (quoted && character === '"' && text[at + 1] === '"') {
      cell += '"'
      at += 1
    } else if (character === '"' && (quoted || cell === '')) quoted = !quoted
    else if (!quoted && character === comma) {
      row.push(cell)
      cell = ''
    } else if (!quoted && character === '\n') {
      rows.push([...row, cell.replace(/\r$/, '')])
      row = []
      cell = ''
    } else cell += character
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell])
  const [header = [], ...body] = rows
  return { header, rows: body.slice(0, mostRows), more: body.length > mostRows }
}

/** JSON set out over lines; a text that is cut off, or is none, stays as it is. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
