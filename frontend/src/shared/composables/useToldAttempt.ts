// An attempt whose refusal is told in a message above the page, for what has no place of its own to say it.
import { message } from 'ant-design-vue'
import { useAttempt } from './useAttempt'

export function useToldAttempt() {
  const { busy, problem, attempt: send } = useAttempt()

  async function attempt(act: () => Promise<unknown>): Promise<void> {
    if (!(await send(act))) message.error(problem.value)
  }

  return { busy, attempt }
}
