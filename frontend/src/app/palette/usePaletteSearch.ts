// Batches, projects and hosts for the palette: read when it opens, batches again as one types.
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { listProjects } from '@/features/projects'
import { findBatches, readHostNames } from './api'
import type { Command } from './commands'

// Long enough for the next letter, short enough not to be noticed.
const PAUSE_MS = 150

export function usePaletteSearch(search: Ref<string>) {
  const batches = shallowRef<Command[]>([])
  const places = shallowRef<Command[]>([])
  const searching = ref(true)
  const error = shallowRef<ApiError | null>(null)
  let turn = 0
  let planned: ReturnType<typeof setTimeout> | undefined

  async function readBatches(): Promise<void> {
    const mine = ++turn
    const text = search.value.trim()
    try {
      const found = await findBatches(text)
      if (mine !== turn) return
      batches.value = found.map((batch) => ({
        id: `batch:${batch.id}`,
        group: 'batches',
        title: batch.name ?? batch.id,
        detail: batch.project,
        words: batch.id,
        to: { name: 'batch', params: { batchId: batch.id } },
        found: true,
      }))
      error.value = null
    } catch (cause) {
      if (mine !== turn) return
      error.value = asApiError(cause)
    }
    searching.value = false
  }

  async function readPlaces(): Promise<void> {
    // Each of the two may fail alone; the other is still of use.
    const [projects, hosts] = await Promise.allSettled([listProjects(), readHostNames()])
    const failure = [projects, hosts].find((answer) => answer.status === 'rejected')
    if (failure) error.value = asApiError(failure.reason)
    const names = projects.status === 'fulfilled' ? projects.value.map((project) => project.project) : []
    const machines = hosts.status === 'fulfilled' ? hosts.value : []
    places.value = [
      ...names.map((name): Command => ({ id: `project:${name}`, group: 'projects', title: name, to: { name: 'project', params: { project: name } } })),
      ...machines.map((name): Command => ({ id: `host:${name}`, group: 'hosts', title: name, to: { name: 'host', params: { host: name } } })),
    ]
  }

  void readBatches()
  void readPlaces()
  watch(search, () => {
    searching.value = true
    // What was found for other words is no answer to these.
    batches.value = batches.value.map((command) => ({ ...command, found: false }))
    clearTimeout(planned)
    planned = setTimeout(() => void readBatches(), PAUSE_MS)
  })
  onScopeDispose(() => {
    clearTimeout(planned)
    turn += 1
  })

  return { batches, places, searching, error }
}
