import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/api/errors'
import { i18n } from '@/shared/i18n'
import HostDrift from '../components/HostDrift.vue'
import type { DriftItem, DriftReport } from './report'

const server = vi.hoisted(() => ({ inspectHost: vi.fn(), readDrift: vi.fn() }))
vi.mock('../api', () => server)
vi.mock('@/api/hub', () => ({ onLiveEvents: () => undefined, onResync: () => undefined, onReturn: () => undefined, whenLive: () => Promise.resolve(), useLiveChannels: () => undefined }))

const item = (facts: Partial<DriftItem>): DriftItem => ({ kind: 'path', change: 'removed', severity: 'warning', name: '/data/x', recorded: null, found: null, commits: null, ...facts })
const report = (facts: Partial<DriftReport> = {}): DriftReport => ({ command_id: 'c', command_status: 'succeeded', hostname: 'gpu-01', inspected_at: null, is_whole: true, items: [], reason: null, status: 'ready', ...facts })
const refusal = (status: number, code: string): ApiError => Object.assign(Object.create(ApiError.prototype) as ApiError, { status, code, message: 'no', details: {} })

async function shown(): Promise<{ view: VueWrapper; verdict: () => unknown }> {
  const view = mount(HostDrift, { props: { batchId: 'b', host: 'gpu-01', verdict: 'waiting' }, global: { plugins: [i18n] } })
  await flushPromises()
  return { view, verdict: () => view.emitted('update:verdict')?.at(-1)?.[0] ?? 'waiting' }
}
const drift = (view: VueWrapper) => view.get('[data-testid=host-drift]')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  server.inspectHost.mockReset().mockResolvedValue({ command_id: 'c' })
  server.readDrift.mockReset().mockResolvedValue(report())
})
afterEach(() => vi.useRealTimers())

describe('what has changed on a host', () => {
  it.each([
    ['is waited for', report({ status: 'pending', command_status: 'delivered' }), 'pending', 'Looking at gpu-01', 'waiting', false],
    ['was refused there, and it says why', report({ status: 'failed', command_status: 'failed', reason: 'bo is not allowed' }), 'failed', 'bo is not allowed', 'clear', true],
    ['was not told in time', report({ status: 'failed', command_status: 'expired' }), 'expired', 'did not answer in time', 'clear', true],
    ['is nothing', report(), 'ready', 'everything is as it was recorded', 'clear', false],
    ['was looked at in part', report({ is_whole: false }), 'ready', 'part of it was not looked at', 'clear', false],
    ['hardly matters', report({ items: [item({ severity: 'info' })] }), 'ready', 'Good to know', 'clear', false],
    ['may matter', report({ items: [item({ severity: 'warning' })] }), 'ready', 'Results may differ', 'grave', false],
    ['lets nothing start', report({ items: [item({ severity: 'blocker' })] }), 'ready', 'It cannot start like this', 'grave', false],
  ])('%s', async (_, answer, state, words, verdict, again) => {
    server.readDrift.mockResolvedValue(answer)
    const { view, verdict: found } = await shown()
    expect(drift(view).attributes('data-state')).toBe(state)
    expect(drift(view).text()).toContain(words)
    expect(found()).toBe(verdict)
    expect(view.find('[data-testid=drift-again]').exists()).toBe(again)
  })

  it.each([
    [409, 'agent.absent', 'absent', 'No agent can be reached on gpu-01'],
    [409, 'agent.outdated', 'outdated', 'too old to look'],
    [503, 'bus.unavailable', 'error', ''],
  ])('cannot be asked: %s %s', async (status, code, state, words) => {
    server.inspectHost.mockRejectedValue(refusal(status, code))
    const { view, verdict } = await shown()
    expect(drift(view).attributes('data-state')).toBe(state)
    expect(drift(view).text()).toContain(words)
    expect(verdict()).toBe('clear')
  })

  it('need not be waited for once the host is late, and is asked for again', async () => {
    server.readDrift.mockResolvedValue(report({ status: 'pending', command_status: 'pending' }))
    const { view, verdict } = await shown()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(drift(view).attributes('data-state')).toBe('late')
    expect(verdict()).toBe('clear')
    server.inspectHost.mockResolvedValue({ command_id: 'd' })
    server.readDrift.mockResolvedValue(report())
    await view.get('[data-testid=drift-again]').trigger('click')
    await flushPromises()
    expect(drift(view).attributes('data-state')).toBe('ready')
  })

  it('folds hundreds of packages into one line', async () => {
    const packages = Array.from({ length: 180 }, (_, place) => item({ kind: 'package', change: 'changed', name: `package-${place}`, recorded: '1', found: '2' }))
    server.readDrift.mockResolvedValue(report({ items: packages }))
    const { view } = await shown()
    expect(view.get('[data-testid=drift-packages] summary').text()).toBe('180 packages: 180 changed')
    expect(view.get<HTMLDetailsElement>('[data-testid=drift-packages]').element.open).toBe(false)
  })
})
