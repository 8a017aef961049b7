// Several files as one ZIP archive, stored without compression: checkpoints and pictures hardly get smaller.
// After PKWARE's APPNOTE 6.3, without ZIP64: the caller keeps the whole below 4 GiB.

export interface ZipFile {
  name: string
  content: Uint8Array
  at: Date
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

export function crc32(content: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of content) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] as number)
  return (value ^ 0xffffffff) >>> 0
}

/** Names that are safe in a folder, each once: no way up, no root, a number where two are equal. */
export function zipNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    const parts = name.split(/[\\/]+/).filter((part) => part !== '' && part !== '.' && part !== '..')
    const safe = parts.join('/') || 'file'
    const dot = safe.lastIndexOf('.') > safe.lastIndexOf('/') + 1 ? safe.lastIndexOf('.') : safe.length
    let unique = safe
    for (let number = 2; taken.has(unique); number += 1) unique = `${safe.slice(0, dot)} (${number})${safe.slice(dot)}`
    taken.add(unique)
    return unique
  })
}

export function zip(files: readonly ZipFile[]): Blob {
  const names = zipNames(files.map((file) => file.name))
  const parts: BlobPart[] = []
  const entries: Uint8Array[] = []
  let offset = 0
  files.forEach((file, at) => {
    const name = new TextEncoder().encode(names[at])
    const facts = factsOf(file, name)
    const local = joined(bytes(4, 0x04034b50), facts, bytes(2, 0), name)
    parts.push(local as Uint8Array<ArrayBuffer>, file.content as Uint8Array<ArrayBuffer>)
    entries.push(joined(bytes(4, 0x02014b50), bytes(2, 20), facts, bytes(2, 0), bytes(2, 0), bytes(2, 0), bytes(2, 0), bytes(4, 0), bytes(4, offset), name))
    offset += local.length + file.content.length
  })
  const directory = joined(...entries)
  const end = joined(bytes(4, 0x06054b50), bytes(4, 0), bytes(2, files.length), bytes(2, files.length), bytes(4, directory.length), bytes(4, offset), bytes(2, 0))
  return new Blob([...parts, directory as Uint8Array<ArrayBuffer>, end as Uint8Array<ArrayBuffer>], { type: 'application/zip' })
}

function factsOf({ content, at }: ZipFile, name: Uint8Array): Uint8Array {
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)
  const day = ((Math.max(1980, at.getFullYear()) - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate()
  // Version 2.0, names in UTF-8, stored.
  return joined(bytes(2, 20), bytes(2, 0x0800), bytes(2, 0), bytes(2, time), bytes(2, day), bytes(4, crc32(content)), bytes(4, content.length), bytes(4, content.length), bytes(2, name.length))
}

const bytes = (count: number, value: number): Uint8Array => Uint8Array.from({ length: count }, (_, at) => (value >>> (8 * at)) & 0xff)

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
