export default {
  sections: { users: 'People', invites: 'Invites', config: 'Configuration', flags: 'Switches', audit: 'Audit log', security: 'Security', identity: 'Sign-in providers' },
  forbidden: { title: 'For administrators only', hint: 'Your account may not see this page. An administrator of this server can make you one under People.' },
  identity: { on: 'configured', off: 'not configured' },
}
