// What the servers count. The gateway does not show it to people, so on the stack it is asked for behind the gateway.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { baseUrl } from './browser'

function metricsUrl(service: string): string {
  const state = join(process.env.ARGUS_HOME ?? '', 'stack', 'state.json')
  if (!existsSync(state)) return `${baseUrl()}/metrics`
  const { ports } = JSON.parse(readFileSync(state, 'utf8')) as { ports: Record<string, number> }
  return `http://127.0.0.1:${ports[service]}/metrics`
}

/** The present value of a metric without labels. */
export async function metricOf(service: string, name: string): Promise<number> {
  const text = await (await fetch(metricsUrl(service))).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}
