// The machines that report, with their newest readings.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { readHosts, type HostCardData } from './api'
import { foldHost } from './usage'

export const useHostStore = defineStore('hosts', () => {
  const byName = shallowReactive(new Map<string, HostCardData>())

  function put(hosts: readonly HostCardData[]): void {
    for (const host of hosts) byName.set(host.host, host)
  }

  async function load(): Promise<void> {
    put(await readHosts())
  }

  onLiveEvents((events) => {
    for (const event of events) {
      if (event.event_type !== 'resource_snapshot') continue
      const name = event.source.host ?? 'unknown'
      byName.set(name, foldHost(byName.get(name), event))
    }
  })

  return { byName, put, load }
})
