import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { counted, whenAnswered } from './traffic'

describe('what waits for answers', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('goes at once where none is awaited', async () => {
    await expect(whenAnswered(1_000)).resolves.toBeUndefined()
  })

  it('goes when the last one is there, one that failed too', async () => {
    let fail: (reason: Error) => void = () => undefined
    let answer: () => void = () => undefined
    const failing = counted(new Promise<void>((_, reject) => (fail = reject))).catch(() => 'failed')
    void counted(new Promise<void>((resolve) => (answer = resolve)))
    const gone = vi.fn()
    void whenAnswered(1_000).then(gone)
    fail(new Error('gone'))
    expect(await failing).toBe('failed')
    expect(gone).not.toHaveBeenCalled()
    answer()
    await vi.advanceTimersByTimeAsync(0)
    expect(gone).toHaveBeenCalledOnce()
  })

  it('does not wait for ever', async () => {
    const gone = vi.fn()
    void counted(new Promise(() => undefined))
    void whenAnswered(500).then(gone)
    await vi.advanceTimersByTimeAsync(499)
    expect(gone).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(gone).toHaveBeenCalledOnce()
  })
})
