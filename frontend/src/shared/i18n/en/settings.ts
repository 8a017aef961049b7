export default {
  profile: { title: 'Profile', admin: 'administrator', verified: 'verified', unverified: 'not verified', created: 'Member since', lastLogin: 'Last sign-in' },
  tokens: { title: 'Tokens' },
  preferences: { title: 'Preferences', languageHint: 'Also used for the mails that Argus sends you.', themeHint: 'Follows your system until you choose.' },
}
