// Who is signed in. The access token lives here, in memory, and nowhere else: other modules ask for it at the moment of
// use. What outlives the page is a cookie that no script can read; by it the server gives out a new token, before the
// old one ends and after a reload. One tab asks at a time, and tells the others.
import { computed, shallowRef } from 'vue'
import { readStored, writeStored } from '@/shared/browser/storage'
import { leaveByCookie, RENEWAL, renewByCookie, SIGNED_IN as FLAG } from './refresh'
import type { components } from './schema.gen'
import { onTabMessage, oneTabAtATime, tellTabs } from './tabs'

export type User = components['schemas']['UserOut']
type TokenResponse = components['schemas']['TokenResponse']

interface Session {
  token: string
  expiresAt: number
  user: User
}

// FLAG is `1` for somebody, `leaving` for a sign-out that the server has not heard of yet.
// Where the token lay before it was kept in memory.
const OLD_KEYS = ['argus.access_token', 'em_expires_at', 'em_user']

const LEAD_MS = 60_000
const SHORTEST_WAIT_MS = 5_000
const LONGEST_TIMER_MS = 2_000_000_000
// A token this close to its end may be over when it arrives.
const TOO_LATE_MS = 3_000
const RETRY_MS = { first: 2_000, longest: 60_000 }
const BOOT_TRIES_MS = [300, 900]
const BOOT_PATIENCE_MS = 4_000

const session = shallowRef<Session | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined
let failures = 0
let asking: Promise<boolean> | null = null
// Grows with every end: an answer that was asked for before it starts nothing.
let ends = 0
let watching = false
let onEnded: () => void = () => undefined
let onStarted: () => void = () => undefined

export const currentUser = computed(() => session.value?.user ?? null)
export const isSignedIn = computed(() => session.value !== null)

export function accessToken(): string | null {
  return session.value?.token ?? null
}

/** Takes what a login or a refresh answered. */
export function startSession(answer: TokenResponse): void {
  const expiresAt = Date.now() + answer.expires_in * 1000
  writeStored(FLAG, '1')
  adopt(answer, expiresAt)
  tellTabs({ kind: 'session', answer, expiresAt })
}

export function updateUser(user: User): void {
  if (session.value) session.value = { ...session.value, user }
}

/** Forgets the session here and in the other tabs. */
export function endSession(): void {
  writeStored(FLAG, null)
  forget()
  tellTabs({ kind: 'ended' })
}

/** Signs out: the server is told now, or as soon as it can be reached. */
export async function leaveSession(): Promise<void> {
  const token = accessToken()
  endSession()
  writeStored(FLAG, 'leaving')
  await finishLeaving(token)
}

/** A token that will still be good when it arrives, if there is one: a page that slept renews it first. */
export async function freshToken(): Promise<string | null> {
  const now = session.value
  if (now && now.expiresAt - Date.now() < TOO_LATE_MS) await renew(now.token)
  return accessToken()
}

/**
 * The server refused `used`. It may be over while the session is not, or another tab may have a newer one already.
 * Returns a token to try again with; null when the session has ended (then all tabs know) or nobody could say.
 */
export async function tokenAfter(used: string | null): Promise<string | null> {
  if (session.value && session.value.token !== used) return session.value.token
  return used !== null && (await renew(used)) ? accessToken() : null
}

/** Asks the server who this browser belongs to; false when to nobody, or when it does not answer. */
export async function resumeSession(): Promise<boolean> {
  return await renew(accessToken())
}

/** Whether somebody was signed in when this browser was last here; only the server knows whether they still are. */
export function wasSignedIn(): boolean {
  return readStored(FLAG) === '1'
}

/** At the start of the page, before anything is decided by who is signed in. Costs nothing where nobody ever was. */
export async function bootSession(): Promise<void> {
  OLD_KEYS.forEach((key) => writeStored(key, null))
  const flag = readStored(FLAG)
  if (flag === 'leaving') void finishLeaving(null)
  // A server that does not answer must not leave the page blank; the session is taken up when it does.
  else if (flag !== null) await Promise.race([askAtBoot(), sleep(BOOT_PATIENCE_MS)])
}

async function askAtBoot(): Promise<void> {
  for (const wait of [0, ...BOOT_TRIES_MS]) {
    if (wait) await sleep(wait)
    if ((await resumeSession()) || readStored(FLAG) === null) return
  }
}

/** Follows the other tabs, and what wakes this one. `ended` and `started` run when somebody is signed in no more, or again. */
export function watchSession(ended: () => void, started: () => void = () => undefined): void {
  onEnded = ended
  onStarted = started
  if (watching) return
  watching = true
  onTabMessage((message) => {
    if (message.kind === 'session') adopt(message.answer, message.expiresAt)
    else if (session.value) forget()
  })
  const wake = (): void => {
    if (document.hidden) return
    if (readStored(FLAG) === 'leaving') void finishLeaving(null)
    else if (session.value ? session.value.expiresAt - Date.now() < LEAD_MS : failures > 0) void renew(accessToken())
  }
  window.addEventListener('online', wake)
  window.addEventListener('pageshow', wake)
  document.addEventListener('visibilitychange', wake)
}

function adopt(answer: TokenResponse, expiresAt: number): void {
  const before = session.value
  // What the stores hold is the other person's.
  if (before && before.user.id !== answer.user.id) return window.location.reload()
  failures = 0
  session.value = { token: answer.access_token, expiresAt, user: answer.user }
  plan(refreshDelay(expiresAt, Date.now()))
  if (!before) onStarted()
}

function forget(): void {
  clearTimeout(timer)
  failures = 0
  ends += 1
  session.value = null
  onEnded()
}

async function finishLeaving(token: string | null): Promise<void> {
  // Whoever has signed in meanwhile stays so.
  if ((await leaveByCookie(token)) && readStored(FLAG) === 'leaving') writeStored(FLAG, null)
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until a minute before the end, or half of what is left when that is sooner. */
export function refreshDelay(expiresAt: number, now: number): number {
  const left = expiresAt - now
  const wait = left > 2 * LEAD_MS ? left - LEAD_MS : left / 2
  return Math.min(Math.max(wait, SHORTEST_WAIT_MS), LONGEST_TIMER_MS)
}

function plan(wait: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => void renew(accessToken()), wait)
}

/** Gets a token in place of `used`, once however many ask at a time. False when there is none. */
function renew(used: string | null): Promise<boolean> {
  asking ??= oneTabAtATime(RENEWAL, async () => {
    // Another tab may have been quicker.
    if (accessToken() !== used) return accessToken() !== null
    const before = ends
    const renewal = await renewByCookie()
    if (ends !== before) return false
    if (renewal.kind === 'renewed') startSession(renewal.answer)
    else if (renewal.kind === 'ended') endSession()
    else retryLater()
    return renewal.kind === 'renewed'
  }).finally(() => (asking = null))
  return asking
}

/** The server cannot be reached: nobody is signed out for that. */
function retryLater(): void {
  failures += 1
  plan(Math.min(RETRY_MS.first * 2 ** (failures - 1), RETRY_MS.longest))
}
