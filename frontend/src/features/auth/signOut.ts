import { asApiError } from '@/api/errors'
import { endSession } from '@/api/session'
import { logout } from './api'

/** Ends the session here in any case; the server hears of it when it can be reached. */
export async function signOut(): Promise<void> {
  try {
    await logout()
  } catch (cause) {
    if (asApiError(cause).status === -1) throw cause
  }
  endSession()
}
