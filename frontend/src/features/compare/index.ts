export { compareBatches, compareJobs, MOST_COMPARED, type JobKey } from './selection'
