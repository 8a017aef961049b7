import { describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { missedPage, noticeMissedPages } from './missedPage'

const Page = { render: () => null }

async function routerAt(path: string) {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: Page },
      { path: '/hosts', component: () => Promise.reject(new TypeError('Failed to fetch dynamically imported module')) },
    ],
  })
  noticeMissedPages(router)
  await router.push(path).catch(() => undefined)
  return router
}

describe('a page whose code does not arrive', () => {
  it('is named, query included, and the reader stays where they are', async () => {
    const router = await routerAt('/')
    expect(missedPage.value).toBeNull()
    await router.push('/hosts?span=7d').catch(() => undefined)
    expect(missedPage.value).toBe('/hosts?span=7d')
    expect(router.currentRoute.value.path).toBe('/')
  })

  it('is forgotten where the reader goes elsewhere', async () => {
    const router = await routerAt('/hosts')
    expect(missedPage.value).toBe('/hosts')
    await router.push('/')
    expect(missedPage.value).toBeNull()
  })
})
