import { expect, it } from 'vitest'
import type { Notification } from './api'
import { groupInbox } from './groups'

const NOW = new Date(2026, 2, 10, 9).getTime()
const item = (id: number, batch: string | null, hoursAgo: number) => ({ id, batch_id: batch, created_at: new Date(NOW - hoursAgo * 3_600_000).toISOString() }) as Notification
const shape = (items: Notification[]) => groupInbox(items, NOW).map((day) => [day.daysAgo, day.groups.map((group) => [group.batchId, group.items.map(({ id }) => id)])])

it('puts what is about one batch together within a day, where the latest of it stands', () => {
  expect(shape([item(5, 'a', 0), item(4, 'b', 1), item(3, 'a', 2), item(2, 'a', 11), item(1, 'b', 40)])).toEqual([
    [0, [['a', [5, 3]], ['b', [4]]]],
    [1, [['a', [2]]]],
    [2, [['b', [1]]]],
  ])
})

it('leaves what is about no batch alone, and keeps days in order when an old one was told again', () => {
  expect(shape([item(1, 'a', 30), item(3, null, 1), item(2, null, 2)])).toEqual([
    [0, [[null, [3]], [null, [2]]]],
    [1, [['a', [1]]]],
  ])
})

it('calls what a faster clock says of tomorrow today', () => {
  expect(shape([item(1, 'a', -20)])).toEqual([[0, [['a', [1]]]]])
})
