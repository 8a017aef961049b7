// Files that came one after another are one moment: a run that writes fifty pictures must not hide what else happened.
import type { Moment } from './api'

const TOGETHER_MS = 120_000

export function gathered(moments: readonly Moment[]): Moment[] {
  const shown: Moment[] = []
  for (const moment of moments) {
    const last = shown.at(-1)
    if (last && last.kind === 'artifact' && moment.kind === 'artifact' && Date.parse(moment.at) - Date.parse(last.at) < TOGETHER_MS) {
      shown[shown.length - 1] = { ...moment, at: last.at, count: last.count + moment.count, text: namesOf(last, moment) }
    } else shown.push(moment)
  }
  return shown
}

const NAMES = 3
function namesOf(last: Moment, moment: Moment): string {
  const names = (last.text ?? '').split(', ')
  return names.length < NAMES ? [...names, moment.text ?? ''].join(', ') : names.at(-1) === '…' ? (last.text ?? '') : `${last.text}, …`
}
