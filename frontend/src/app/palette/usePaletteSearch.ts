// What the palette finds as one types: projects, batches, jobs, hosts and studies by one question. Without a text it offers
// the newest batches.
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { placeOf, searchEverything, type SearchItem, type SearchKind } from '@/features/search'
import { findBatches } from './api'
import type { Command, Group } from './commands'

// Long enough for the next letter, short enough not to be noticed.
const PAUSE_MS = 150
const MOST = 6
const GROUP_OF: Readonly<Record<SearchKind, Group>> = { project: 'projects', batch: 'batches', job: 'jobs', host: 'hosts', study: 'studies' }

function commandOf(item: SearchItem): Command {
  const id = item.kind === 'job' ? `job:${item.batch_id}/${item.id}` : `${item.kind}:${item.id}`
  return { id, group: GROUP_OF[item.kind], title: item.title, detail: item.subtitle ?? undefined, words: item.id, to: placeOf(item), found: true }
}

export function usePaletteSearch(search: Ref<string>) {
  const found = shallowRef<Command[]>([])
  const searching = ref(true)
  const error = shallowRef<ApiError | null>(null)
  let turn = 0
  let planned: ReturnType<typeof setTimeout> | undefined

  async function newest(): Promise<Command[]> {
    const batches = await findBatches()
    return batches.map((batch) => commandOf({ kind: 'batch', id: batch.id, batch_id: null, title: batch.name ?? batch.id, subtitle: batch.project, status: batch.status }))
  }

  async function read(): Promise<void> {
    const mine = ++turn
    const text = search.value.trim()
    try {
      const answer = text === '' ? await newest() : (await searchEverything(text, MOST)).map(commandOf)
      if (mine !== turn) return
      found.value = answer
      error.value = null
    } catch (cause) {
      if (mine !== turn) return
      error.value = asApiError(cause)
    }
    searching.value = false
  }

  void read()
  watch(search, () => {
    searching.value = true
    // What was found for other words is no answer to these.
    found.value = found.value.map((command) => ({ ...command, found: false }))
    clearTimeout(planned)
    planned = setTimeout(() => void read(), PAUSE_MS)
  })
  onScopeDispose(() => {
    clearTimeout(planned)
    turn += 1
  })

  return { found, searching, error }
}
