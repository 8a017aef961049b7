export default {
  columns: { status: 'Status', job: 'Job', model: 'Model', dataset: 'Data set', epoch: 'Epoch', loss: 'Loss', started: 'Started', elapsed: 'Time' },
  idle: 'GPU idle',
  answer: { epoch: 'Epoch {epoch}', noEpoch: 'No epoch yet', left: 'about {time} left' },
  trend: { better: '{metric} improving', worse: '{metric} rising', flat: '{metric} steady' },
  curves: { title: 'Curves', empty: { title: 'No point yet', hint: 'Curves begin with the first job.epoch() call and move with every further one.' } },
  metrics: { title: 'Final metrics' },
  details: { title: 'Details', batch: 'Batch', model: 'Model', dataset: 'Data set', parameters: 'Parameters', memory: 'Peak GPU memory', batchTime: 'Time per training batch', started: 'Started', ended: 'Ended' },
  failure: { title: 'This job failed', unknown: 'The script gave no reason. The last lines of its log may tell.', lines: 'Last error lines', after: 'after {time}' },
  environment: 'Environment',
  gone: { title: 'This job is not here', hint: 'It was deleted, or its batch is not shared with you.' },
  empty: { title: 'No job yet', hint: 'Jobs appear when the script starts them.' },
}
