import auth from './auth'
import common from './common'
import errors from './errors'
import shell from './shell'

export default { auth, common, errors, shell }
