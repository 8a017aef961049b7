import { describe, expect, it } from 'vitest'
import { gpusOf, ofAllGpus } from './gpus'

const flat = { gpu_util_pct: 10, gpu_mem_mb: 1, gpu_mem_total_mb: 8, gpu_temp_c: 30 }

describe("a machine's cards in one line", () => {
  it('are the mean of their use, the sum of their memory, the hottest of them', () => {
    const gpus = [
      { index: 0, util_pct: 0, mem_mb: 2, mem_total_mb: 80, temp_c: 32 },
      { index: 1, util_pct: 90, mem_mb: 60, mem_total_mb: 80, temp_c: 71 },
    ]
    expect(ofAllGpus(gpusOf({ ...flat, gpus }))).toEqual({ gpu_util_pct: 45, gpu_mem_mb: 62, gpu_mem_total_mb: 160, gpu_temp_c: 71 })
  })

  it('are what an old reporter says of its only one', () => {
    expect(ofAllGpus(gpusOf({ ...flat, gpus: null }))).toEqual(flat)
  })

  it('are unknown where nothing was read', () => {
    const none = { gpu_util_pct: null, gpu_mem_mb: null, gpu_mem_total_mb: null, gpu_temp_c: null }
    expect(ofAllGpus(gpusOf({ ...none, gpus: null }))).toEqual(none)
    expect(ofAllGpus(gpusOf({ ...flat, gpus: [{ index: 0, util_pct: null, mem_mb: 4 }] }))).toEqual({ ...none, gpu_mem_mb: 4 })
  })
})
