export default {
  answer: 'no job | {count} job | {count} jobs',
  order: 'The latest start first.',
  filter: { name: 'Filters of the list', search: 'Job, model, data set', status: 'Status', project: 'Project', host: 'Host', since: 'Started' },
  since: { '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days' },
  columns: { batch: 'Batch', project: 'Project', host: 'Host', result: 'Result' },
  fresh: '{count} new job | {count} new job | {count} new jobs',
  pages: 'Pages of the list',
  empty: { title: 'No job has reported yet', hint: 'A job is one training inside a batch. It appears here when the script starts it.' },
  noMatch: { title: 'No job matches', hint: 'Nothing fits the filters above.' },
  beyond: { title: 'The list ends before this page', hint: 'There are fewer jobs than its address asks for.', back: 'To the first page' },
}
