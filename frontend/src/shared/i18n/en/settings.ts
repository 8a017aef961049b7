export default {
  profile: { title: 'Profile', admin: 'administrator', verified: 'verified', unverified: 'not verified', resend: 'Send the link again', resent: 'The link is on its way.', created: 'Member since', lastLogin: 'Last sign-in' },
  security: { title: 'Security' },
  sessions: { title: 'Where you are signed in', this: 'this one', end: 'Sign out', endOthers: 'Sign out everywhere else', endOthersAsk: 'All other sessions end at once.', unknown: 'Unknown client' },
  password: { title: 'Password', current: 'Current password', change: 'Change the password', done: 'The password is changed. All other sessions have ended.' },
  email: { title: 'E-mail address', new: 'New e-mail', hint: 'We send a link to it; until you confirm, the old address stays.', change: 'Change the address', done: 'A link is on its way to {email}.' },
  tokens: { title: 'Tokens' },
  preferences: { title: 'Preferences', languageHint: 'Also used for the mails that Argus sends you.', themeHint: 'Follows your system until you choose.' },
}
