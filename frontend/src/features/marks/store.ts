// What the reader starred and pinned: read once, changed at once, and put back when the server refuses.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { currentUser } from '@/api/session'
import { addPin, addStar, listPins, listStars, removePin, removeStar, type Starrable } from './api'

export const MOST_PINS = 4

const keyOf = (type: Starrable, id: string): string => `${type}:${id}`

export const useMarkStore = defineStore('marks', () => {
  const stars = shallowRef<ReadonlySet<string>>(new Set())
  const pins = shallowRef<readonly string[]>([])
  const known = ref(false)
  let reading: { who: number | null; done: Promise<void> } | null = null

  async function read(): Promise<void> {
    const [starred, pinned] = await Promise.all([listStars(), listPins()])
    stars.value = new Set(starred.map((star) => keyOf(star.target_type as Starrable, star.target_id)))
    pins.value = pinned.map((pin) => pin.batch_id)
    known.value = true
  }

  /** Reads the marks, once for each person. */
  function load(): Promise<void> {
    const who = currentUser.value?.id ?? null
    if (reading?.who !== who) reading = { who, done: read() }
    return reading.done.catch((cause: unknown) => {
      reading = null
      throw cause
    })
  }

  const isStarred = (type: Starrable, id: string): boolean => stars.value.has(keyOf(type, id))
  const isPinned = (batchId: string): boolean => pins.value.includes(batchId)

  async function setStar(type: Starrable, id: string, on: boolean): Promise<void> {
    const before = stars.value
    const next = new Set(before)
    if (on) next.add(keyOf(type, id))
    else next.delete(keyOf(type, id))
    stars.value = next
    try {
      await (on ? addStar(type, id) : removeStar(type, id))
    } catch (cause) {
      stars.value = before
      throw cause
    }
  }

  async function setPin(batchId: string, on: boolean): Promise<void> {
    const before = pins.value
    pins.value = on ? [...before, batchId] : before.filter((id) => id !== batchId)
    try {
      await (on ? addPin(batchId) : removePin(batchId))
    } catch (cause) {
      pins.value = before
      throw cause
    }
  }

  return { stars, pins, known, isFull: computed(() => pins.value.length >= MOST_PINS), load, isStarred, isPinned, setStar, setPin }
})
