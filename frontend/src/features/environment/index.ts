export { default as EnvironmentView } from './components/EnvironmentView.vue'
export { readEnvironment, type Environment, type FactKey } from './environment'
