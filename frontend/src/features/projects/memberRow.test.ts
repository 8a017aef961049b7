import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/shared/i18n'
import MemberRow from './components/MemberRow.vue'

describe('the role of a member', () => {
  it('is chosen in a field that says whose it is', () => {
    const member = { user_id: 1, username: 'bob', role: 'viewer', created_at: '2026-01-01T00:00:00Z', granted_by: null }
    const row = mount(MemberRow, { props: { member: member as never, isSelf: false, mayChange: true, mayRemove: false }, global: { plugins: [i18n] } })
    expect(row.get('[role=combobox]').element.closest('label')?.textContent).toContain('bob')
  })
})
