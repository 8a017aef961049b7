export { restore } from './api'
