// The shapes of the icons of a status. Drawn as one path: an icon's component is three, and lists show a status in each row.
import CheckCircle from '@ant-design/icons-svg/es/asn/CheckCircleOutlined'
import ClockCircle from '@ant-design/icons-svg/es/asn/ClockCircleOutlined'
import CloseCircle from '@ant-design/icons-svg/es/asn/CloseCircleOutlined'
import ExclamationCircle from '@ant-design/icons-svg/es/asn/ExclamationCircleOutlined'
import MinusCircle from '@ant-design/icons-svg/es/asn/MinusCircleOutlined'
import PauseCircle from '@ant-design/icons-svg/es/asn/PauseCircleOutlined'
import PlayCircle from '@ant-design/icons-svg/es/asn/PlayCircleOutlined'
import type { IconDefinition } from '@ant-design/icons-svg/es/types'
import { bucketOf, type Bucket } from './status'

function shapeOf({ icon }: IconDefinition): string {
  const drawing = typeof icon === 'function' ? icon('currentColor', 'none') : icon
  return (drawing.children ?? []).map(({ attrs }) => attrs.d).join('')
}

const BUCKETS: Record<Bucket, string> = {
  running: shapeOf(PlayCircle),
  failed: shapeOf(CloseCircle),
  stalled: shapeOf(ExclamationCircle),
  waiting: shapeOf(ClockCircle),
  finished: shapeOf(CheckCircle),
}
const [PAUSED, LEFT] = [shapeOf(PauseCircle), shapeOf(MinusCircle)]
const ENDED_EARLY = new Set(['stopped', 'stopping', 'cancelled', 'skipped', 'pruned'])

/** The path of a status' icon, in the box of Ant Design's. */
export const iconOf = (status: string): string => (status === 'paused' ? PAUSED : ENDED_EARLY.has(status) ? LEFT : BUCKETS[bucketOf(status)])
