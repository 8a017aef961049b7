// The machines that report, with their newest readings.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { readActiveHosts, readHostNames, readSnapshots, type HostCardData } from './api'
import { foldHost, readingsOf } from './usage'

const MOST_SILENT = 24

export const useHostStore = defineStore('hosts', () => {
  const byName = shallowReactive(new Map<string, HostCardData>())

  function put(hosts: readonly HostCardData[]): void {
    for (const host of hosts) byName.set(host.host, host)
  }

  /** The newest reading of a host that has been silent for longer than the dashboard shows. */
  async function readSilent(name: string): Promise<HostCardData> {
    const [latest] = await readSnapshots(name, undefined, 1)
    return { host: name, running_jobs: 0, running_jobs_top5: [], warnings: [], ...readingsOf({ ...latest }), last_seen: latest?.timestamp ?? '' }
  }

  async function load(): Promise<void> {
    const [active, names] = await Promise.all([readActiveHosts(), readHostNames()])
    const present = new Set(active.map((host) => host.host))
    const silent = names.filter((name) => !present.has(name)).slice(0, MOST_SILENT)
    put([...active, ...(await Promise.all(silent.map(readSilent)))])
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
