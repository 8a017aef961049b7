// What Vue sees of the live connection: pages say which channels they need, stores listen, everyone reads the status.
import { computed, getCurrentScope, onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { channelsAhead } from './ahead/line'
import { openLine, type LiveEvent, type LiveLine, type LiveState, type LiveStatus } from './live'
import { cutOffSince, watchNetwork } from './network'
import { currentUser, isSignedIn } from './session'

type EventListener = (events: LiveEvent[]) => void

const ALWAYS = ['inbox']
// The page whose channels were followed before its code was there has said by then that it wants them.
const AHEAD = Symbol('ahead')
const AHEAD_MS = 5_000
const wanted = new Map<symbol, readonly string[]>()
// Whether a component that lives already asked for other channels: what it shows may have been read before.
let isRead = false
const eventListeners = new Set<EventListener>()
const resyncListeners = new Set<() => void>()
const closedListeners = new Set<(channel: string) => void>()
const waiting = new Set<() => void>()
let ready = false
let planned: ReturnType<typeof setTimeout> | undefined

// What the stream says of itself.
const streamStatus = shallowRef<LiveStatus>({ state: 'idle', since: Date.now() })

export const liveStatus = computed<LiveStatus>(() =>
  cutOffSince.value === null || streamStatus.value.state === 'idle' ? streamStatus.value : { state: 'offline', since: cutOffSince.value },
)

let line: LiveLine | null = null
let lineOf: number | null = null

/** The line of whoever is signed in. */
function lineOfNow(): LiveLine | null {
  const account = currentUser.value?.id ?? null
  if (account === lineOf) return line
  line?.close()
  lineOf = account
  line = account === null ? null : openLine(account, outputs)
  line?.show(!document.hidden)
  if (!line) streamStatus.value = { state: 'idle', since: Date.now() }
  return line
}

function proceed(): void {
  ready = true
  waiting.forEach((go) => go())
}

const outputs = {
  onEvents: (events: LiveEvent[]) => eventListeners.forEach((listener) => listener(events)),
  onJoined: proceed,
  onResync: () => {
    proceed()
    resyncListeners.forEach((listener) => listener())
  },
  onStatus: (status: LiveStatus) => {
    streamStatus.value = status
    if (status.state === 'live' && wasLost) tellReturn()
    wasLost = isLost(status.state) || (wasLost && status.state !== 'live')
  },
  onClosed: (channel: string) => closedListeners.forEach((listener) => listener(channel)),
}

/** Stores call this once; the subscription lasts as long as the scope that made it. */
export function onLiveEvents(listener: EventListener): void {
  eventListeners.add(listener)
  if (getCurrentScope()) onScopeDispose(() => eventListeners.delete(listener))
}

/** Runs when what was read before may be out of date: a new stream, or a gap in this one. */
export function onResync(listener: () => void): void {
  resyncListeners.add(listener)
  if (getCurrentScope()) onScopeDispose(() => resyncListeners.delete(listener))
}

// Whether the stream was lost since it was live.
let wasLost = false
const returnListeners = new Set<() => void>()
let returning: ReturnType<typeof setTimeout> | undefined
// A network that comes back does so for many at once.
const RETURN_MS = { least: 100, most: 1_000 }

/** Network and stream come back one after the other: what was missed is asked for once. */
function tellReturn(): void {
  clearTimeout(returning)
  returning = setTimeout(
    () => {
      // The worker's stream may be there while the page is cut off.
      if (cutOffSince.value === null) returnListeners.forEach((listener) => listener())
    },
    RETURN_MS.least + Math.random() * (RETURN_MS.most - RETURN_MS.least),
  )
}

/** Runs when the connection is there again: what failed without it can be tried once more. */
export function onReturn(listener: () => void): void {
  returnListeners.add(listener)
  if (getCurrentScope()) onScopeDispose(() => returnListeners.delete(listener))
}

/** Runs when a channel of this page may no longer be read. */
export function onChannelClosed(listener: (channel: string) => void): void {
  closedListeners.add(listener)
  if (getCurrentScope()) onScopeDispose(() => closedListeners.delete(listener))
}

/** Keeps these channels open while the calling component lives. */
export function useLiveChannels(channels: MaybeRefOrGetter<readonly string[]>): void {
  const key = Symbol('channels')
  watch(
    () => toValue(channels),
    (names) => {
      isRead ||= wanted.has(key)
      wanted.set(key, names)
      plan()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    wanted.delete(key)
    plan()
  })
}

/** What was read before the stream is there is read again when it is. */
const PATIENCE_MS = 1_000
const isLost = (state: LiveState): boolean => state === 'behind' || state === 'offline'
const isBroken = (): boolean => isLost(liveStatus.value.state)

/**
 * Resolves when it is known from where on the present channels are heard, at once where the stream is known to be broken,
 * or after a while. Reading after this leaves no gap between what was read and what is streamed.
 */
export function whenLive(): Promise<void> {
  if (ready || !isSignedIn.value || isBroken()) return Promise.resolve()
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer)
      waiting.delete(go)
      resolve()
    }
    const timer = setTimeout(go, PATIENCE_MS)
    waiting.add(go)
  })
}

/** Follows the session: connected while someone is signed in and looks at the page. */
export function startLive(): void {
  wanted.set(AHEAD, channelsAhead())
  setTimeout(() => {
    wanted.delete(AHEAD)
    plan()
  }, AHEAD_MS)
  watch(currentUser, plan, { immediate: true })
  watchNetwork(
    () => line?.interrupt(),
    () => {
      line?.retry()
      tellReturn()
    },
  )
  document.addEventListener('visibilitychange', () => line?.show(!document.hidden))
}

let followed: readonly string[] = []

// One page leaves and the next arrives in the same moment: wait for both, so that the channels change once.
function plan(): void {
  const names = isSignedIn.value ? [...new Set([...ALWAYS, ...[...wanted.values()].flat()])].sort() : []
  if (!names.every((name) => followed.includes(name))) ready = false
  clearTimeout(planned)
  planned = setTimeout(() => {
    // What was followed before and still is needs no reading again.
    if (names.every((name) => followed.includes(name))) ready = streamStatus.value.state === 'live'
    followed = names
    lineOfNow()?.follow(names, isRead)
    isRead = false
  }, 0)
}
