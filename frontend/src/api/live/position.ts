// Places in the stream: "<sequence>-<index in its bundle>", as the server writes them into each frame's id.

/** Beyond any bundle: everything of that sequence is known. */
const WHOLE = 999_999_999

function parts(position: string): [number, number] {
  const [sequence = '0', place = '0'] = position.split('-')
  return [Number(sequence), Number(place)]
}

/** The one of them that lies further back. */
export function earlier(a: string, b: string): string {
  const [[sequenceA, placeA], [sequenceB, placeB]] = [parts(a), parts(b)]
  return sequenceA < sequenceB || (sequenceA === sequenceB && placeA < placeB) ? a : b
}

/**
 * Where to go on with other channels than before. Channels follow one another within a bundle, so the place in it
 * belongs to the channels that were read: the bundle is read again from its start.
 */
export function forOtherChannels(position: string): string {
  const [sequence, place] = parts(position)
  return place === WHOLE || sequence === 0 ? position : `${sequence - 1}-${WHOLE}`
}
