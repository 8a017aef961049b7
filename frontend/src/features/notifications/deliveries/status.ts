/** What became of a delivery. `waiting` is also between attempts; `failed` was given up. */
export type Status = 'waiting' | 'sending' | 'sent' | 'failed'
export const STATUS_TONES: Record<Status, string> = { waiting: 'processing', sending: 'processing', sent: 'success', failed: 'error' }
