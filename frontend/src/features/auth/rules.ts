// The server's rules for accounts, so that a form can say them before it is sent.

export type FieldErrors = Partial<Record<'username' | 'email' | 'password' | 'invite' | 'form', string>>

export const USERNAME = /^[A-Za-z0-9_-]{3,32}$/
export const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export const isGoodPassword = (password: string): boolean =>
  password.length >= 10 && password.length <= 256 && /[A-Za-z]/.test(password) && /[0-9]/.test(password)

/** A mailed link's token is never shorter: what is left of the link was cut, by a mail program or while copying. */
const SHORTEST_TOKEN = 8

export const isCut = (token: string): boolean => token.length < SHORTEST_TOKEN

/** Message keys of what is wrong with a registration; empty when nothing is. */
export function checkRegistration(username: string, email: string, password: string): FieldErrors {
  const errors: FieldErrors = {}
  if (!USERNAME.test(username)) errors.username = 'auth.usernameRule'
  if (!EMAIL.test(email)) errors.email = 'auth.emailBad'
  if (!isGoodPassword(password)) errors.password = 'auth.passwordRule'
  return errors
}
