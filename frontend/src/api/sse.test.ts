import { describe, expect, it } from 'vitest'
import { createSseParser, type SseFrame } from './sse'

function parseAll(...chunks: string[]): SseFrame[] {
  const frames: SseFrame[] = []
  const parse = createSseParser((frame) => frames.push(frame))
  chunks.forEach(parse)
  return frames
}

describe('the SSE parser', () => {
  it('reads name, data and id', () => {
    expect(parseAll('id: 7-0\nevent: job_epoch\ndata: {"a":1}\n\n')).toEqual([{ event: 'job_epoch', data: '{"a":1}', id: '7-0' }])
  })

  it('gives the same frames wherever the body is cut', () => {
    const body = 'id: 1-0\nevent: a\ndata: x\n\n: comment\r\nevent: b\r\ndata: y\r\ndata: z\r\n\r\ndata: plain\n\n'
    const whole = parseAll(body)
    expect(whole.map((frame) => [frame.event, frame.data])).toEqual([
      ['a', 'x'],
      ['b', 'y\nz'],
      ['message', 'plain'],
    ])
    for (let cut = 0; cut <= body.length; cut += 1) expect(parseAll(body.slice(0, cut), body.slice(cut)), `cut at ${cut}`).toEqual(whole)
  })

  it('drops a frame without data, and one that never ends', () => {
    expect(parseAll('event: hello\n\ndata: unfinished\n')).toEqual([])
  })
})
