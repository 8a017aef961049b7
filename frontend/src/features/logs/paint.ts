// A line as pieces to draw: what a terminal shows, cut where the searched text stands. Very long lines end early.
import { parseAnsi, type TextStyle } from './ansi'

export interface Piece {
  text: string
  style: TextStyle
  match: boolean
}

export interface Painted {
  pieces: Piece[]
  /** Characters that are not drawn. */
  left: number
}

// A line of a megabyte would stop the page; copying and the download have all of it.
export const LONGEST = 8_000

export function paint(line: string, search: string): Painted {
  const drawn = line.length > LONGEST ? line.slice(0, LONGEST) : line
  const wanted = search.toLowerCase()
  const segments = parseAnsi(drawn)
  const matches = wanted === '' ? [] : placesOf(segments.map((segment) => segment.text).join('').toLowerCase(), wanted)
  const pieces: Piece[] = []
  let begin = 0
  for (const { text, style } of segments) {
    const end = begin + text.length
    let at = begin
    for (const place of matches) {
      const [from, to] = [Math.max(place, begin), Math.min(place + wanted.length, end)]
      if (from >= to) continue
      if (from > at) pieces.push({ text: text.slice(at - begin, from - begin), style, match: false })
      pieces.push({ text: text.slice(from - begin, to - begin), style, match: true })
      at = to
    }
    if (at < end) pieces.push({ text: text.slice(at - begin), style, match: false })
    begin = end
  }
  return { pieces, left: line.length - drawn.length }
}

function placesOf(text: string, wanted: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) places.push(at)
  return places
}
