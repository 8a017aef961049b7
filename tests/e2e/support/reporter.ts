// A training script as the server sees it: events of the wire contract, posted with a reporter token.
import { randomUUID } from 'node:crypto'
import { baseUrl } from './browser'

export class ScriptedRun {
  readonly batchId: string

  constructor(
    private readonly token: string,
    readonly project: string,
    batchId = `e2e-${randomUUID().slice(0, 12)}`,
    readonly host = 'e2e-host',
  ) {
    this.batchId = batchId
  }

  async send(type: string, data: Record<string, unknown> = {}, jobId: string | null = null, at = new Date()): Promise<void> {
    await this.sendAll([this.event(type, data, jobId, at)])
  }

  event(type: string, data: Record<string, unknown>, jobId: string | null = null, at = new Date()) {
    return {
      event_id: randomUUID(),
      schema_version: '1.1',
      event_type: type,
      timestamp: at.toISOString().replace(/\.\d{3}Z$/, 'Z'),
      batch_id: this.batchId,
      job_id: jobId,
      source: { project: this.project, host: this.host, user: 'e2e', command: 'python train.py --epochs 20' },
      data,
    }
  }

  async sendAll(events: ReturnType<ScriptedRun['event']>[]): Promise<void> {
    for (let from = 0; from < events.length; from += 500) {
      const response = await fetch(`${baseUrl()}/api/events/batch`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ events: events.slice(from, from + 500) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`POST /api/events/batch: ${response.status} ${text}`)
      const { rejected } = JSON.parse(text) as { rejected: number }
      if (rejected) throw new Error(`events were rejected: ${text}`)
    }
  }

  start = (jobs: number) => this.send('batch_start', { experiment_type: 'e2e', n_total_jobs: jobs })
  startJob = (id: string, model: string, dataset: string) => this.send('job_start', { model, dataset }, id)
  epoch = (id: string, epoch: number, values: Record<string, number>) => this.send('job_epoch', { epoch, ...values }, id)
  finishJob = (id: string, metrics: Record<string, number>) => this.send('job_done', { status: 'DONE', elapsed_s: 12.5, metrics }, id)
  failJob = (id: string, reason: string) => this.send('job_failed', { status: 'FAILED', reason, elapsed_s: 3.2 }, id)
  log = (id: string, line: string, level = 'info') => this.send('log_line', { line, level }, id)

  async upload(name: string, content: Uint8Array<ArrayBuffer>, jobId: string | null = null): Promise<void> {
    const form = new FormData()
    form.append('file', new Blob([content]), name)
    const scope = jobId ? `jobs/${encodeURIComponent(jobId)}` : `batches/${encodeURIComponent(this.batchId)}`
    const query = jobId ? `?batch_id=${encodeURIComponent(this.batchId)}` : ''
    const response = await fetch(`${baseUrl()}/api/${scope}/artifacts${query}`, { method: 'POST', headers: { Authorization: `Bearer ${this.token}` }, body: form })
    if (!response.ok) throw new Error(`upload of ${name}: ${response.status} ${await response.text()}`)
  }

  async stopRequested(): Promise<boolean> {
    const response = await fetch(`${baseUrl()}/api/batches/${encodeURIComponent(this.batchId)}/stop-requested`, {
      headers: { Authorization: `Bearer ${this.token}` },
    })
    return ((await response.json()) as { stop_requested: boolean }).stop_requested
  }
}
