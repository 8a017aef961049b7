// The table of kinds: it changes with a new version of Argus only, so it is read once.
import { shallowRef } from 'vue'
import { listKinds, type NotificationKind } from './api'

const known = shallowRef<readonly NotificationKind[] | null>(null)

export async function readKinds(): Promise<readonly NotificationKind[]> {
  known.value ??= await listKinds()
  return known.value
}
