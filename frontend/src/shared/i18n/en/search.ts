export default {
  title: 'Search',
  answer: 'Nothing found for "{text}" | {count} result for "{text}" | {count} results for "{text}"',
  placeholder: 'Projects, batches, jobs, hosts, studies',
  kinds: { project: 'Projects', batch: 'Batches', job: 'Jobs', host: 'Hosts', study: 'Studies' },
  empty: { title: 'What are you looking for?', hint: 'A name or a part of it: of a project, a batch, a job with its model and data set, a host, a study.' },
  nothing: 'Nothing found for "{text}"',
  nothingHint: 'Of jobs, the newest are searched by all parts of their names, older ones by how their names begin.',
  inJobs: 'Look through all jobs',
  more: 'Show more',
}
