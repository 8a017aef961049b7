import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/errors'
import { registrationErrors } from './auth/registrationErrors'
import { checkRegistration } from './auth/rules'
import { readEnvironment } from './environment/environment'
import { gpusOf } from './hosts/gpus'
import { isSilent } from './hosts/usage'
import { groupCurves } from './jobs/curves'
import { sortJobs } from './jobs/sortJobs'
import { trendOf } from './jobs/trend'
import type { Job } from './runs'
import { describeAgent } from './settings/agents'
import { expiryOf } from './tokens/expiry'

const problem = (status: number, message = '', fields: { field: string; message: string; type: string }[] = []) => new ApiError(status, '', message, null, null, fields)

describe('registering', () => {
  it('says what is wrong before it is sent', () => {
    expect(checkRegistration('ab', 'no-mail', 'short1')).toEqual({ username: 'auth.usernameRule', email: 'auth.emailBad', password: 'auth.passwordRule' })
    expect(checkRegistration('mira', 'mira@example.org', 'correct-horse-1')).toEqual({})
  })

  it.each([
    [problem(409, 'That email address is already in use'), { email: 'auth.emailTaken' }],
    [problem(409, 'That user name is taken'), { username: 'auth.usernameTaken' }],
    [problem(403, 'closed'), { form: 'auth.closed' }],
    [new ApiError(403, 'auth.invite_invalid', '', null, null, []), { invite: 'errors.codes.auth.invite_invalid' }],
    [new ApiError(422, 'auth.password_weak', '', null, null, []), { password: 'errors.codes.auth.password_weak' }],
    [problem(422, '', [{ field: 'password', message: '', type: 'value_error' }]), { password: 'auth.passwordRule' }],
    [problem(500), null],
  ])('puts %s beside the right field', (error, fields) => {
    expect(registrationErrors(error)).toEqual(fields)
  })
})

describe('lists', () => {
  it('sorts jobs either way with missing values last', () => {
    const jobs = [{ id: 'a', metrics: { MSE: 2 } }, { id: 'b', metrics: null }, { id: 'c', metrics: { MSE: 1 } }] as unknown as Job[]
    expect(sortJobs(jobs, 'metric:MSE').map((job) => job.id)).toEqual(['c', 'a', 'b'])
    expect(sortJobs(jobs, '-metric:MSE').map((job) => job.id)).toEqual(['a', 'c', 'b'])
  })
})

describe('a job', () => {
  it('has train and validation of one thing in one chart, losses first, the rate last', () => {
    const groups = groupCurves(['lr', 'val_acc', 'train_loss', 'val_loss', 'grad_norm', 'train_acc'])
    expect(groups.map((group) => group.names)).toEqual([['train_loss', 'val_loss'], ['train_acc', 'val_acc'], ['grad_norm'], ['lr']])
  })

  it.each([
    [[4, 3, 2, 1], 'better'],
    [[1, 2, 3, 4], 'worse'],
    [[1, 1, 1, 1.001], 'flat'],
    [[0.9, 1.1, 0.95, 1.15, 0.92, 1.12, 0.97, 1.19], 'flat'], // restless, 2 % apart
    [[0.9, 1.1, 0.95, 1.15, 1.4, 1.6, 1.45, 1.65], 'worse'],
    [[1, 2], null],
  ])('with %j is %s', (values, trend) => {
    expect(trendOf(values)).toBe(trend)
  })
})

describe('machines', () => {
  it('have every GPU of the list, or the one of an old reporter, or none', () => {
    const flat = { gpus: null, gpu_util_pct: 50, gpu_mem_mb: 1, gpu_mem_total_mb: 2, gpu_temp_c: 60 }
    expect(gpusOf({ ...flat, gpus: [{ index: 3, util_pct: 10 }, { util_pct: 'x' }] }).map((gpu) => [gpu.index, gpu.use])).toEqual([[3, 10], [1, null]])
    expect(gpusOf(flat)).toHaveLength(1)
    const throttled = gpusOf({ ...flat, gpus: [{ power_w: 300.5, throttle: ['gpu_idle', 'hw_thermal_slowdown'], ecc_uncorrected: 2 }] })[0]
    expect([throttled?.power, throttled?.slowed, throttled?.memoryErrors]).toEqual([300.5, ['hw_thermal_slowdown'], 2])
    expect(gpusOf({ ...flat, gpu_util_pct: null, gpu_mem_mb: null })).toEqual([])
  })

  it('are silent after five minutes', () => {
    const now = Date.parse('2026-01-01T00:10:00Z')
    expect([isSilent('2026-01-01T00:06:00Z', now), isSilent('2026-01-01T00:04:00Z', now), isSilent('', now)]).toEqual([false, true, true])
  })
})

describe('the environment', () => {
  it('links a commit only to a web address', () => {
    expect(readEnvironment({ git_sha: 'abc', git_remote_url: 'https://host/x' })?.commitUrl).toBe('https://host/x/commit/abc')
    expect(readEnvironment({ git_sha: 'abc', git_remote_url: 'javascript:alert(1)' })?.commitUrl).toBeNull()
    expect(readEnvironment(null)).toBeNull()
  })

  it('names machine, cards and changes, and leaves the rest as it came', () => {
    const shown = readEnvironment({ gpu_names: ['H100', 'H100', 'L4'], cuda_version: '12.8', ram_total_mb: 2048, git_diff: '+x', git_untracked: ['a'], config: { lr: 1 }, fqdn: 'h' })
    expect(shown?.facts.map(({ key, value }) => [key, value])).toEqual([['ram', '2.0 GiB'], ['gpus', '2 × H100, L4'], ['cuda', '12.8']])
    expect([shown?.diff, shown?.untracked, shown?.config, shown?.other]).toEqual(['+x', ['a'], '{\n  "lr": 1\n}', '{\n  "fqdn": "h"\n}'])
  })
})

describe('tokens', () => {
  it('end when they were asked to', () => {
    expect(expiryOf('30', Date.parse('2026-01-01T00:00:00.123Z'))).toBe('2026-01-31T00:00:00Z')
    expect(expiryOf('never')).toBeNull()
  })
})

describe('sessions', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0', 'Edge, Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile Safari/604.1', 'Safari, iOS'],
    ['curl/8.5.0', 'curl'],
    ['something of its own', 'something of its own'],
    [null, null],
  ])('are recognised by %s', (agent, shown) => {
    expect(describeAgent(agent)).toBe(shown)
  })
})
