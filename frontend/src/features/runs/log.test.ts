import { describe, expect, it } from 'vitest'
import { filterLines, isHeartbeat, markMatches, type LogLine } from './log'

const line = (level: string, text: string): LogLine => ({ key: text, ts: '', jobId: 'job-1', level, line: text })
const lines = [line('debug', 'shapes'), line('info', 'Epoch 1'), line('warning', 'slow disk'), line('error', 'CUDA error'), line('odd', 'epoch 2')]

describe('the log', () => {
  it.each([
    ['all', '', 5],
    ['info', '', 4],
    ['warn', '', 2],
    ['error', '', 1],
    ['all', 'epoch', 2],
    ['error', 'epoch', 0],
    ['all', 'JOB-1', 5],
  ])('level %s and search "%s" leave %i lines', (level, search, count) => {
    expect(filterLines(lines, level, search)).toHaveLength(count)
  })

  it('marks every place without changing the text', () => {
    const parts = markMatches('Loss loss LOSS', 'loss')
    expect(parts.map((part) => part.text).join('')).toBe('Loss loss LOSS')
    expect(parts.filter((part) => part.match)).toHaveLength(3)
  })

  it('knows a heartbeat from a line about one', () => {
    expect([isHeartbeat('debug', 'heartbeat'), isHeartbeat('info', 'heartbeat')]).toEqual([true, false])
  })
})
