// What an artifact is to a reader: its kind, its name without folders, how large it is.
import type { Artifact } from './api'

export type FileKind = 'picture' | 'table' | 'text' | 'archive' | 'other'

// The pictures of which the server makes previews; SVG is not among them, because it is a program.
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp', 'image/x-ms-bmp'])
const ARCHIVES = new Set(['application/zip', 'application/gzip', 'application/x-tar', 'application/x-7z-compressed'])
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function kindOf(mime: string): FileKind {
  if (PICTURES.has(mime)) return 'picture'
  if (mime === 'text/csv' || mime.includes('spreadsheet')) return 'table'
  if (mime.startsWith('text/') || mime === 'application/json' || mime === 'application/pdf') return 'text'
  return ARCHIVES.has(mime) ? 'archive' : 'other'
}

export function shortName(filename: string): string {
  const parts = filename.split(/[\\/]/).filter(Boolean)
  return parts.at(-1) ?? filename
}

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** Newest first, as one looks for them. */
export function newestFirst(files: readonly Artifact[]): Artifact[] {
  return [...files].sort((a, b) => b.id - a.id)
}
