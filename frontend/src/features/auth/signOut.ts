import { leaveSession } from '@/api/session'

/** Ends the session here in any case, and in the other tabs; the server hears of it when it can be reached. */
export const signOut = (): Promise<void> => leaveSession()
