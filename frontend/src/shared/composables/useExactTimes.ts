// What an age is exactly is told on hover, and worked out only then: a date is the dearest of what a long list says.
import { parseTime } from '@/shared/i18n/format'
import { useFormat } from '@/shared/i18n/useFormat'

/** For `pointerover` on what holds many `<time datetime>`. */
export function useExactTimes(): (event: PointerEvent) => void {
  const { absolute } = useFormat()
  return (event) => {
    const element = event.target instanceof Element ? event.target.closest('time') : null
    const time = parseTime(element?.dateTime)
    if (element && time !== null) element.title = absolute(time)
  }
}
