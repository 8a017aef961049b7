import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/errors'
import { i18n, setLocale } from '@/shared/i18n'
import RefusalText from './components/RefusalText.vue'

function told(details: Record<string, unknown>): string {
  const error = new ApiError(422, 'query.invalid', 'As the server says it.', null, null, [], details)
  return mount(RefusalText, { props: { error }, global: { plugins: [i18n] } }).text()
}

describe('what is wrong with a query', () => {
  it('is told in the reader\'s language, with what it is about', async () => {
    const details = { reason: 'fieldMisspelled', facts: { field: 'modle', source: 'jobs', near: 'model' } }
    expect(told(details)).toBe('There is no field modle of jobs. Is it model?')
    await setLocale('zh-CN', false)
    expect(told(details)).toBe('jobs 没有字段 modle。是 model 吗？')
    await setLocale('en-US', false)
  })

  it('is told in the server\'s words where its reason is a new one', () => {
    expect(told({ reason: 'newlyInvented' })).toBe('As the server says it.')
  })
})
