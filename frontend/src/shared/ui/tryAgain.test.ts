import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import MissedPage from '@/app/missed/MissedPage.vue'
import { ApiError, networkError } from '@/api/errors'
import { useResource } from '@/shared/composables/useResource'
import { i18n } from '@/shared/i18n'
import AsyncPanelFailed from './AsyncPanelFailed.vue'
import ErrorPanel from './ErrorPanel.vue'

const listeners = vi.hoisted(() => new Set<() => void>())
vi.mock('@/api/hub', async (original) => ({
  ...(await original<object>()),
  onReturn: (listener: () => void) => listeners.add(listener),
  whenLive: () => Promise.resolve(),
}))

const global = { plugins: [i18n] }
const comeBack = (): void => listeners.forEach((listener) => listener())
const gone = networkError(new TypeError('Failed to fetch'))

describe('when the connection returns', () => {
  const assign = vi.fn()
  const reload = vi.fn()

  beforeEach(() => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response()))
    listeners.clear()
    assign.mockClear()
    reload.mockClear()
    document.body.innerHTML = ''
    vi.stubGlobal('location', Object.assign(Object.create(window.location) as Location, { assign, reload }))
  })

  it.each([
    ['without a connection', gone, 1],
    ['without a server behind the gateway', new ApiError(503, 'http.503', ''), 1],
    ['as it may not be seen', new ApiError(403, 'auth.forbidden', ''), 0],
  ])('a panel of what failed %s tries again by itself, or not: %s', (_why, error, times) => {
    const panel = mount(ErrorPanel, { props: { error }, global })
    comeBack()
    expect(panel.emitted('retry') ?? []).toHaveLength(times)
  })

  it('nothing is changed by itself', () => {
    const panel = mount(ErrorPanel, { props: { error: gone, byHand: true }, global })
    comeBack()
    expect(panel.emitted('retry')).toBeUndefined()
  })

  it('what could not be read anew, but is shown, is read', async () => {
    const load = vi.fn().mockResolvedValueOnce('old').mockRejectedValueOnce(gone).mockResolvedValueOnce('new')
    const scope = effectScope()
    const resource = scope.run(() => useResource<string>(load))
    await flushPromises()
    await resource?.refresh()
    expect([resource?.data.value, resource?.error.value]).toEqual(['old', gone])
    comeBack()
    await flushPromises()
    expect([resource?.data.value, resource?.error.value]).toEqual(['new', null])
    comeBack()
    expect(load).toHaveBeenCalledTimes(3)
    scope.stop()
  })

  it('the page that did not arrive is gone to', async () => {
    mount(MissedPage, { props: { path: '/hosts?span=7d' }, global })
    comeBack()
    await flushPromises()
    expect(assign).toHaveBeenCalledExactlyOnceWith('/hosts?span=7d')
  })

  it('a page of which a part did not arrive is loaded anew', async () => {
    mount(AsyncPanelFailed, { global })
    comeBack()
    await flushPromises()
    expect(reload).toHaveBeenCalledOnce()
  })

  it('the page that did not arrive is gone to also where a part of this one is missing', async () => {
    mount(AsyncPanelFailed, { global })
    mount(MissedPage, { props: { path: '/hosts' }, global })
    comeBack()
    await flushPromises()
    expect([assign.mock.calls, reload.mock.calls]).toEqual([[['/hosts']], []])
  })

  it('no page is left on which something is written', async () => {
    const field = document.body.appendChild(document.createElement('textarea'))
    field.value = 'why the loss rises'
    mount(MissedPage, { props: { path: '/hosts' }, global })
    mount(AsyncPanelFailed, { global })
    comeBack()
    await flushPromises()
    expect([assign.mock.calls, reload.mock.calls]).toEqual([[], []])
  })

  it('no page is left where the server cannot be reached yet', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    mount(MissedPage, { props: { path: '/hosts' }, global })
    mount(AsyncPanelFailed, { global })
    comeBack()
    await flushPromises()
    expect([assign.mock.calls, reload.mock.calls]).toEqual([[], []])
  })
})
