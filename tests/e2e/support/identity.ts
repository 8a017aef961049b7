// A login provider on this machine (tests/oidc), in a process of its own, for as long as a spec runs.
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const READY_MS = 30_000

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

export class IdentityProvider {
  static readonly CLIENT = { id: 'argus', secret: 'a secret of the provider' }

  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(redirectUri: string): Promise<IdentityProvider> {
    const port = await freePort()
    const script = [join(ROOT, 'tests/oidc/oidc_server.py'), '--port', String(port), '--redirect-uri', redirectUri]
    const provider = new IdentityProvider(`http://127.0.0.1:${port}`, spawn(join(ROOT, '.venv/bin/python'), script, { stdio: 'ignore' }))
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await provider.control({ reset: true })
        return provider
      } catch (error) {
        if (Date.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  /** Says how it should be: who is signed in there, and how it misbehaves. */
  async control(wish: Record<string, unknown>): Promise<void> {
    await fetch(`${this.url}/control`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(wish) })
  }

  stop(): void {
    this.process.kill()
  }
}
