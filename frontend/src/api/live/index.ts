export { openLine, type LiveLine } from './line'
export type { LiveEvent, LiveOutputs, LiveState, LiveStatus } from './types'
