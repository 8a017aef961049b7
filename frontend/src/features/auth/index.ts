export { default as AuthField } from './components/AuthField.vue'
export { EMAIL, isGoodPassword } from './rules'
export { signOut } from './signOut'
