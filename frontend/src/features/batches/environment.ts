export { readEnvironment, type Environment, type FactKey } from '@/features/environment'
