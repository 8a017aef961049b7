// A believable lab, posted as events: several batches of a sweep, one running, one failure, three machines.
import { ScriptedRun } from './reporter'

export interface Story {
  project: string
  batchId: string
  runningJob: string
  failedJob: string
  host: string
}

const MODELS = ['logistic', 'linear-svm', 'mlp']
const DATASETS = ['digits', 'wine', 'breast-cancer']
const EPOCHS = 40

// A fixed sequence: every run of the screenshots shows the same numbers.
function sequence(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function pointAt(epoch: number, speed: number, random: () => number) {
  return {
    epoch,
    train_loss: 2 * Math.exp((-epoch * speed) / 8) + 0.05 + 0.04 * random(),
    val_loss: 2.1 * Math.exp((-epoch * speed) / 9) + 0.12 + 0.06 * random(),
    val_accuracy: 0.98 - 0.8 * Math.exp((-epoch * speed) / 6) - 0.02 * random(),
    lr: 0.001 * Math.cos(epoch / 40),
  }
}

async function sweep(token: string, project: string, id: string, host: string, startedAgo: number, finishedJobs: number, lasts = startedAgo): Promise<ScriptedRun> {
  const run = new ScriptedRun(token, project, id, host)
  const random = sequence(id.length * 7919 + startedAgo)
  let clock = Date.now() - startedAgo * 1000
  // As many steps as there are events at most, so that nothing lies in the future.
  const step = (lasts * 1000) / ((finishedJobs + 1) * (EPOCHS + 12) + 4)
  const at = () => new Date((clock += step))
  const events = [
    run.event('batch_start', { experiment_type: 'sweep', n_total_jobs: 9 }, null, at()),
    run.event('env_snapshot', { git_sha: '9fceb02d0ae598e95dc970b74767f19372d61af8', git_branch: 'main', git_dirty: true, python_version: '3.11.9', hostname: host, pip_freeze: ['numpy==2.3.4', 'scikit-learn==1.7.2', 'scipy==1.16.3'], hydra_config_content: 'lr: 0.001\nepochs: 40\nseed: 0\n' }, null, at()),
  ]
  const jobs = MODELS.flatMap((model) => DATASETS.map((dataset) => ({ id: `${model}-${dataset}`, model, dataset })))
  for (const [index, job] of jobs.slice(0, finishedJobs + 1).entries()) {
    const speed = 0.4 + random()
    const running = index === finishedJobs
    const failed = index === 4
    events.push(run.event('job_start', { model: job.model, dataset: job.dataset }, job.id, at()))
    events.push(run.event('log_line', { line: `training ${job.model} on ${job.dataset}`, level: 'info' }, job.id, at()))
    for (let epoch = 1; epoch <= (running || failed ? 18 : EPOCHS); epoch += 1) {
      const point = pointAt(epoch, speed, random)
      events.push(run.event('job_epoch', point, job.id, at()))
      if (epoch % 6 === 0) events.push(run.event('log_line', { line: `epoch ${epoch} train_loss=${point.train_loss.toFixed(4)} val_loss=${point.val_loss.toFixed(4)}`, level: epoch % 12 ? 'info' : 'debug' }, job.id, at()))
    }
    const last = pointAt(EPOCHS, speed, random)
    if (failed) {
      events.push(run.event('log_line', { line: 'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB', level: 'error' }, job.id, at()))
      events.push(run.event('job_failed', { status: 'FAILED', reason: 'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB', elapsed_s: 41 }, job.id, at()))
    } else if (!running) {
      events.push(run.event('job_done', { status: 'DONE', elapsed_s: 60 + Math.round(60 * random()), train_epochs: EPOCHS, metrics: { ACC: last.val_accuracy, MSE: last.val_loss, F1: last.val_accuracy - 0.02, n_params: 12_810, Avg_Batch_Time: 0.0123 } }, job.id, at()))
    }
  }
  if (finishedJobs >= jobs.length) events.push(run.event('batch_done', { n_done: 8, n_failed: 1, total_elapsed_s: startedAgo }, null, at()))
  await run.sendAll(events)
  return run
}

async function readings(run: ScriptedRun, hot: boolean, gpu: boolean): Promise<void> {
  const random = sequence(run.batchId.length)
  const events = Array.from({ length: 90 }, (_, index) => {
    const time = new Date(Date.now() - (90 - index) * 30_000)
    return run.event(
      'resource_snapshot',
      {
        ...(gpu ? { gpu_util_pct: 62 + 30 * Math.sin(index / 9) + 6 * random(), gpu_mem_mb: 17_800 + 900 * Math.sin(index / 20), gpu_mem_total_mb: 24_576, gpu_temp_c: hot ? 87 : 64 } : {}),
        cpu_util_pct: 34 + 18 * Math.sin(index / 11) + 6 * random(),
        ram_mb: 30_000 + 2_000 * Math.sin(index / 17),
        ram_total_mb: 64_000,
        disk_free_mb: gpu ? 240_000 : 8_200,
        disk_total_mb: 900_000,
        proc_cpu_pct: 28,
        proc_ram_mb: 9_000,
      },
      null,
      time,
    )
  })
  await run.sendAll(events)
}

/** What a training leaves beside its numbers: a picture (a gradient, as a bitmap), a table, a model. */
async function files(run: ScriptedRun): Promise<void> {
  const side = 120
  const picture = Buffer.alloc(54 + side * side * 3)
  picture.write('BM')
  picture.writeUInt32LE(picture.length, 2)
  picture.writeUInt32LE(54, 10)
  picture.writeUInt32LE(40, 14)
  picture.writeInt32LE(side, 18)
  picture.writeInt32LE(side, 22)
  picture.writeUInt16LE(1, 26)
  picture.writeUInt16LE(24, 28)
  for (let at = 54; at < picture.length; at += 3) {
    const pixel = (at - 54) / 3
    picture.set([(pixel % side) * 2, Math.floor(pixel / side) * 2, 160], at)
  }
  await run.upload('confusion-matrix.bmp', new Uint8Array(picture), 'mlp-digits')
  await run.upload('predictions.csv', new TextEncoder().encode('id,label\n1,7\n'), 'mlp-digits')
  await run.upload('checkpoints/best-model.pt', new Uint8Array(300_000))
}

export async function seedStory(token: string): Promise<Story> {
  const tag = Date.now().toString(16).slice(-8)
  for (let index = 0; index < 6; index += 1) await sweep(token, index % 2 ? 'tabular' : 'vision', `sweep-${tag}${index}`, index % 2 ? 'cpu-box' : 'gpu-01', 7_200 * (index + 1), 9, 2_100)
  const speech = await sweep(token, 'speech', `conformer-${tag}`, 'gpu-02', 2_400, 2)
  const live = await sweep(token, 'vision', `bench-sklearn-matrix-${tag}`, 'gpu-01', 1_200, 6)
  await readings(live, false, true)
  await readings(speech, true, true)
  await readings(new ScriptedRun(token, 'tabular', `sweep-${tag}1`, 'cpu-box'), false, false)
  await files(live)
  return { project: 'vision', batchId: live.batchId, runningJob: 'mlp-digits', failedJob: 'linear-svm-wine', host: 'gpu-01' }
}
