import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { ApiError } from '@/api/errors'
import auth from '@/shared/i18n/en/auth'
import { judgePassword } from './api'
import AuthField from './components/AuthField.vue'
import StrengthMeter from './components/StrengthMeter.vue'
import { useStrength } from './composables/useStrength'

vi.mock('./api', () => ({ judgePassword: vi.fn() }))
const judge = vi.mocked(judgePassword)
const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: { auth } } })
const global = { plugins: [i18n] }

describe('the estimate while somebody types', () => {
  let scope: EffectScope
  const password = ref('')

  beforeEach(() => {
    vi.useFakeTimers()
    judge.mockReset()
    password.value = ''
    scope = effectScope()
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  const type = async (text: string, wait = 300): Promise<void> => {
    password.value = text
    await nextTick()
    await vi.advanceTimersByTimeAsync(wait)
  }

  it('asks once the typing pauses, with what a guesser would know', async () => {
    judge.mockResolvedValue({ score: 4, least: 2, hints: [] })
    const strength = scope.run(() => useStrength(password, () => ({ username: 'mira' })))
    await type('corr', 100)
    await type('correct', 100)
    await type('correct horse 1')
    expect(judge.mock.calls).toEqual([['correct horse 1', { username: 'mira' }]])
    expect(strength?.value?.score).toBe(4)
  })

  it('lets a late answer to an older text go by, and shows nothing for what is too short', async () => {
    let answer: (value: { score: number; least: number; hints: string[] }) => void = () => undefined
    judge.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)))
    const strength = scope.run(() => useStrength(password, () => ({})))
    await type('password1234')
    await type('abc')
    answer({ score: 0, least: 2, hints: [] })
    await nextTick()
    expect(strength?.value).toBeNull()
    expect(judge).toHaveBeenCalledTimes(1)
  })

  it('shows no meter where the server gives no estimate', async () => {
    judge.mockRejectedValue(new ApiError(429, 'rate.limited', ''))
    const strength = scope.run(() => useStrength(password, () => ({})))
    await type('password1234')
    expect(strength?.value).toBeNull()
  })
})

describe('the meter', () => {
  it('says the score and at most two reasons in words', () => {
    const meter = mount(StrengthMeter, { global, props: { strength: { score: 1, least: 2, hints: ['common', 'unheard-of', 'capitals', 'longer'] } } })
    expect(meter.get('[role=meter]').attributes('aria-valuenow')).toBe('1')
    expect(meter.text()).toBe('Easy to guess. It is one of the passwords that are tried first. Capitals add little.')
    expect(meter.findAll('.full')).toHaveLength(1)
  })

  it('gives no reasons against a password that is good enough', () => {
    const meter = mount(StrengthMeter, { global, props: { strength: { score: 2, least: 2, hints: ['longer'] } } })
    expect(meter.text()).toBe('Good enough.')
  })
})

describe('a field for a secret', () => {
  const field = () => mount(AuthField, { global, props: { label: 'Password', name: 'password', autocomplete: 'current-password', secret: true, modelValue: 'x' } })

  it('shows and hides the password by a button that says so', async () => {
    const one = field()
    expect(one.get('input').attributes('type')).toBe('password')
    const button = one.get('[data-testid=show-password]')
    expect([button.attributes('aria-label'), button.attributes('aria-pressed'), button.attributes('type')]).toEqual(['Show the password', 'false', 'button'])
    await button.trigger('click')
    expect(one.get('input').attributes('type')).toBe('text')
    expect(button.attributes('aria-pressed')).toBe('true')
  })

  it('warns of Caps Lock while it is on', async () => {
    const one = field()
    const press = async (on: boolean): Promise<void> => {
      const event = new KeyboardEvent('keydown', { key: 'A' })
      Object.defineProperty(event, 'getModifierState', { value: () => on })
      one.get('input').element.dispatchEvent(event)
      await nextTick()
    }
    await press(true)
    expect(one.text()).toContain('Caps Lock is on.')
    await press(false)
    expect(one.text()).not.toContain('Caps Lock')
  })
})
