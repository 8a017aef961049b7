import { afterEach, describe, expect, it, vi } from 'vitest'
import { readConcerns, readDashboard, readResults } from './home/api'
import { readDetail, readNeighbours, readTimeline } from './jobs/api'
import { getBatch, getJobs, getLatestEpochs, listBatches, listCompact } from './runs/api'
import { needsOf } from '@/app/early/needs'

/** What these calls ask the server for. */
async function askedBy(...calls: (() => Promise<unknown>)[]): Promise<string[]> {
  const asked: string[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    const { pathname, search } = new URL(request.url)
    asked.push(pathname + search)
    return Promise.resolve(new Response('{}', { headers: { 'Content-Type': 'application/json' } }))
  })
  for (const call of calls) await call()
  return asked
}

describe('what is read before the code of a page is there', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('is what Home asks for', async () => {
    const asked = await askedBy(
      () => readDashboard('mine'),
      () => listCompact({ status: 'running', limit: 20, scope: 'mine' }),
      () => listBatches({ limit: 1 }),
      () => readConcerns('mine'),
      () => readResults(),
    )
    expect(needsOf('/', new URLSearchParams('scope=mine'))).toEqual({ channels: ['visible', 'inbox'], reads: asked })
  })

  it.each(['plain', 'with spaces/and ümlauts', 'a:b+c'])('is what the page of batch %s asks for', async (id) => {
    const asked = await askedBy(() => getBatch(id), () => getJobs(id), () => getLatestEpochs(id))
    expect(needsOf(`/batches/${encodeURIComponent(id)}`, new URLSearchParams())).toEqual({ channels: [`batch:${id}`, 'inbox'], reads: asked })
  })

  it('is what the page of a job asks for', async () => {
    const asked = await askedBy(() => readDetail('a b', 'j/1'), () => getBatch('a b'), () => readTimeline('a b', 'j/1'), () => readNeighbours('a b', 'j/1'))
    expect(needsOf('/batches/a%20b/jobs/j%2F1', new URLSearchParams('tab=log'))).toEqual({ channels: ['job:a b:j/1', 'visible', 'inbox'], reads: asked })
    expect(needsOf('/batches/a:b/jobs/j', new URLSearchParams())?.channels).toEqual(['batch:a:b', 'inbox'])
  })

  it.each([
    ['/jobs', ['visible', 'inbox']],
    ['/projects/vision', ['visible', 'inbox']],
    ['/settings/tokens', ['inbox']],
  ])('is the stream alone at %s', (path, channels) => {
    expect(needsOf(path, new URLSearchParams())).toEqual({ channels, reads: [] })
  })

  it('is nothing elsewhere, and bears addresses that cannot be read', () => {
    expect(needsOf('/login', new URLSearchParams())).toBeNull()
    expect(needsOf('/batches/%E0%A4%A', new URLSearchParams())?.reads[0]).toBe('/api/batches/%25E0%25A4%25A')
  })
})
