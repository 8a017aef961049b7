// A training host on this machine: a script that reports by the SDK, and an agent's process, as people start both.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { baseUrl } from './browser'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const PYTHON = join(ROOT, '.venv', 'bin', 'python')

/** Trains for `epochs=` epochs and saves itself after each; `stubborn=true` hears neither the flag nor SIGTERM. */
const TRAINING = `
import os, signal, sys, time
from argus import Reporter

options = dict(pair.split("=", 1) for pair in sys.argv[1:] if "=" in pair)
epochs, stubborn = int(options.get("epochs", 2)), options.get("stubborn") == "true"
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "pid"), "w") as file:
    file.write(str(os.getpid()))
saved = os.path.join(here, "state")
quick = dict(heartbeat=False, resource_snapshot=False, stop_polling=0.2)
with Reporter("train", source_project="hosts", n_total=1, **quick) as reporter:
    with reporter.job("cnn", model="cnn", dataset="digits") as job:
        epoch = int(open(job.resume_from).read()) + 1 if job.resume_from else 0
        while epoch < epochs and (stubborn or not job.stopped):
            job.epoch(epoch, train_loss=1 / (epoch + 1))
            with open(saved, "w") as file:
                file.write(str(epoch))
            job.checkpoint(saved, epoch=epoch)
            epoch += 1
            time.sleep(0.2)
`

export class TrainingHost {
  private readonly folder = mkdtempSync(join(tmpdir(), 'argus-e2e-host-'))
  private agent: ChildProcess | null = null
  private said = ''

  constructor(private readonly token: string) {
    writeFileSync(join(this.folder, 'train.py'), TRAINING)
  }

  private get environment() {
    return { ...process.env, ARGUS_URL: baseUrl(), ARGUS_TOKEN: this.token, ARGUS_AGENT_HOME: join(this.folder, 'agent'), PYTHONUNBUFFERED: '1' }
  }

  /** Runs the script to its end, as somebody does in a shell. */
  train(): void {
    const { status, stderr } = spawnSync(PYTHON, ['train.py'], { cwd: this.folder, env: this.environment, encoding: 'utf8', timeout: 60_000 })
    if (status !== 0) throw new Error(`the training failed: ${stderr}`)
  }

  startAgent(): void {
    const cli = ['-m', 'argus.agent.cli']
    const { status, stdout, stderr } = spawnSync(PYTHON, [...cli, 'register', `--url=${baseUrl()}`, `--token=${this.token}`], { env: this.environment, encoding: 'utf8', timeout: 60_000 })
    if (status !== 0) throw new Error(`the agent was not registered: ${stdout}${stderr}`)
    this.agent = spawn(PYTHON, [...cli, 'run', '--flag-grace=1', '--grace=1'], { env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.agent.stdout, this.agent.stderr]) stream?.on('data', (data: Buffer) => (this.said += data.toString()))
  }

  /** The process that trains now, or trained last. */
  get pid(): number {
    return Number(readFileSync(join(this.folder, 'pid'), 'utf8'))
  }

  isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0)
    } catch {
      return false
    }
    // One that nobody has waited for yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  }

  /** Ends what was started, and returns what the agent said. */
  async end(): Promise<string> {
    const agent = this.agent
    if (agent && agent.exitCode === null) {
      const gone = new Promise((resolve) => agent.once('exit', resolve))
      agent.kill('SIGTERM')
      await gone
    }
    if (this.hasTrained && this.isAlive(this.pid)) process.kill(this.pid, 'SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
    return this.said
  }

  private get hasTrained(): boolean {
    try {
      return this.pid > 0
    } catch {
      return false
    }
  }
}
