export default {
  progress: { of: '{done} of {total} jobs', jobs: 'No job done | {count} job done | {count} jobs done', failed: '{count} failed' },
  eta: {
    unknown: 'after the first job',
    now: 'about now',
    at: 'by {time}',
    left: '{time} left',
    how: 'The end can be told when the first job has finished.',
  },
  pause: {
    action: 'Pause',
    resume: 'Resume',
    withdraw: 'Withdraw the pause',
    explain: 'The script saves itself at its next checkpoint and ends; it goes on from there when you resume it.',
    byHand: 'No agent of yours is on its host: the page of the batch says how to resume it by hand.',
  },
  stop: {
    action: 'Stop',
    title: 'Stop this batch?',
    explain: 'The script is asked to leave its training loop. Finished jobs and everything reported so far stay; the running job ends early.',
    stopping: 'Stopping: the script leaves its loop at its next check, usually within 10 seconds.',
  },
}
