export { signOut } from './signOut'
