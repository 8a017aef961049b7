import { expect, it } from 'vitest'
import { createApp } from 'vue'
import { ApiError } from '@/api/errors'
import { i18n } from './index'
import { useErrorText } from './useErrorText'

function textOf(status: number, code = `http.${status}`): string {
  let text = ''
  const app = createApp({
    setup() {
      text = useErrorText()(new ApiError(status, code, ''))
      return () => null
    },
  })
  app.use(i18n).mount(document.createElement('div'))
  app.unmount()
  return text
}

it('says that a server noted its fault only of one that answered itself', () => {
  expect(textOf(500)).toContain('has noted it')
  for (const status of [502, 503, 504]) expect(textOf(status)).toContain('does not answer')
})

it('prefers what is known of a code to what its status says', () => {
  expect(textOf(503, 'artifact.storage_unavailable')).toContain('storage')
})
