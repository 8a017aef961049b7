// Puts what the server says about a registration beside the field that it concerns.
import type { ApiError } from '@/api/errors'
import type { FieldErrors } from './rules'

export function registrationErrors(error: ApiError): FieldErrors | null {
  if (error.code === 'auth.invite_required' || error.code === 'auth.invite_invalid') return { invite: `errors.codes.${error.code}` }
  if (error.code === 'auth.password_weak') return { password: 'errors.codes.auth.password_weak' }
  if (error.status === 403) return { form: 'auth.closed' }
  if (error.status === 409) {
    if (/email|e-mail|邮箱/i.test(`${error.code} ${error.message}`)) return { email: 'auth.emailTaken' }
    return { username: 'auth.usernameTaken' }
  }
  if (error.status !== 422) return null
  const errors: FieldErrors = {}
  for (const { field } of error.fields) {
    if (field === 'username') errors.username = 'auth.usernameRule'
    else if (field === 'email') errors.email = 'auth.emailBad'
    else if (field === 'password') errors.password = 'auth.passwordRule'
  }
  return Object.keys(errors).length > 0 ? errors : { form: 'errors.invalid' }
}
