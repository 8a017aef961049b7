// How a channel is: off, left alone because it fails, failing, well, or not yet used.
import type { Channel } from './api'

export type ChannelState = 'off' | 'resting' | 'failed' | 'waiting' | 'sent' | 'unused'

export function channelState(channel: Pick<Channel, 'enabled' | 'resting_until' | 'last'>, now: number): ChannelState {
  if (!channel.enabled) return 'off'
  if (channel.resting_until && Date.parse(channel.resting_until) > now) return 'resting'
  if (!channel.last) return 'unused'
  if (channel.last.status === 'failed') return 'failed'
  return channel.last.status === 'sent' ? 'sent' : 'waiting'
}

export const TONES: Record<ChannelState, string> = { off: 'default', resting: 'warning', failed: 'error', waiting: 'processing', sent: 'success', unused: 'default' }
