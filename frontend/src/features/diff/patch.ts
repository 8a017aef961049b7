// A git diff taken apart for reading: files, their hunks, and lines with numbers on both sides.

export interface PatchLine {
  kind: 'context' | 'added' | 'removed' | 'note'
  text: string
  before: number | null
  after: number | null
}

export interface PatchHunk {
  title: string
  lines: PatchLine[]
}

export interface PatchFile {
  name: string
  added: number
  removed: number
  hunks: PatchHunk[]
}

const FILE = /^diff --git a\/(.+) b\/(.+)$/
const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/

export function parsePatch(text: string): PatchFile[] {
  const files: PatchFile[] = []
  let hunk: PatchHunk | null = null
  let before = 0
  let after = 0
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) {
    const named = FILE.exec(line)
    const place = HUNK.exec(line)
    if (named) {
      files.push({ name: named[2] ?? '', added: 0, removed: 0, hunks: [] })
      hunk = null
    } else if (place) {
      if (files.length === 0) files.push({ name: '', added: 0, removed: 0, hunks: [] })
      before = Number(place[1])
      after = Number(place[2])
      hunk = { title: place[3] ?? '', lines: [] }
      files.at(-1)?.hunks.push(hunk)
    } else if (hunk) {
      const file = files.at(-1) as PatchFile
      const mark = line.charAt(0)
      const rest = line.slice(1)
      if (mark === '+') {
        file.added += 1
        hunk.lines.push({ kind: 'added', text: rest, before: null, after: after++ })
      } else if (mark === '-') {
        file.removed += 1
        hunk.lines.push({ kind: 'removed', text: rest, before: before++, after: null })
      } else if (mark === '\\') hunk.lines.push({ kind: 'note', text: rest.trim(), before: null, after: null })
      else hunk.lines.push({ kind: 'context', text: rest, before: before++, after: after++ })
    } else if (/^(Binary files|GIT binary patch)/.test(line)) {
      files.at(-1)?.hunks.push({ title: '', lines: [{ kind: 'note', text: line, before: null, after: null }] })
    }
  }
  return files
}
