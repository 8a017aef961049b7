// What an artifact is to a reader: its kind, its name without folders, how large it is, and how it can be shown.
import type { Artifact } from './api'

export type FileKind = 'picture' | 'table' | 'json' | 'text' | 'page' | 'audio' | 'video' | 'checkpoint' | 'archive' | 'other'
export const KINDS: readonly FileKind[] = ['picture', 'video', 'audio', 'page', 'table', 'json', 'text', 'checkpoint', 'archive', 'other']

// The pictures of which the server makes previews; SVG is not among them, because it is a program.
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp', 'image/x-ms-bmp'])
const ARCHIVES = new Set(['application/zip', 'application/gzip', 'application/x-tar', 'application/x-7z-compressed', 'application/x-bzip2', 'application/x-xz'])
const BY_ENDING: Readonly<Record<string, FileKind>> = {
  ...kindsOf('checkpoint', 'pt pth ckpt safetensors h5 hdf5 keras onnx pkl pickle joblib npz npy msgpack gguf pb tflite'),
  ...kindsOf('text', 'log md markdown txt yaml yml toml ini cfg py sh rst tex out err diff patch jsonl ndjson'),
  ...kindsOf('table', 'csv tsv'),
  ...kindsOf('json', 'json ipynb'),
  ...kindsOf('page', 'html htm'),
}
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

// What is read for a preview; of a longer text the beginning is shown.
export const TEXT_BYTES = 256 * 1024
export const MEDIA_BYTES = 64 * 1024 * 1024

function kindsOf(kind: FileKind, endings: string): Record<string, FileKind> {
  return Object.fromEntries(endings.split(' ').map((ending) => [ending, kind]))
}

export function kindOf({ mime, filename }: Pick<Artifact, 'mime' | 'filename'>): FileKind {
  if (PICTURES.has(mime)) return 'picture'
  if (mime.startsWith('audio/')) return 'audio'
  if (mime.startsWith('video/')) return 'video'
  const known = BY_ENDING[filename.toLowerCase().split('.').at(-1) ?? '']
  if (known) return known
  if (mime === 'text/html') return 'page'
  if (mime === 'text/csv') return 'table'
  if (mime === 'application/json') return 'json'
  if (mime.startsWith('text/')) return 'text'
  return ARCHIVES.has(mime) ? 'archive' : 'other'
}

export const isShown = (file: Pick<Artifact, 'mime' | 'filename' | 'size_bytes'>): boolean => {
  const kind = kindOf(file)
  if (kind === 'audio' || kind === 'video') return file.size_bytes <= MEDIA_BYTES
  return !['checkpoint', 'archive', 'other'].includes(kind)
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

export interface Choice {
  kind: string
  text: string
}

/** Files of a kind whose name, label or job holds all words. */
export function chosenFiles(files: readonly Artifact[], { kind, text }: Choice): Artifact[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return files.filter((file) => {
    const told = [file.filename, file.label, file.job_id].filter(Boolean).join(' ').toLowerCase()
    return (kind === 'all' || kindOf(file) === kind) && words.every((word) => told.includes(word))
  })
}

/** How many files there are of each kind, in the order in which they are shown. */
export const countKinds = (files: readonly Artifact[]): { kind: FileKind; count: number }[] =>
  KINDS.map((kind) => ({ kind, count: files.filter((file) => kindOf(file) === kind).length })).filter(({ count }) => count > 0)

export const totalBytes = (files: readonly Artifact[]): number => files.reduce((sum, file) => sum + file.size_bytes, 0)
