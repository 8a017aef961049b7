// The parts of the administration, in the order of their tabs.
export const SECTIONS = ['users', 'invites', 'config', 'flags', 'audit', 'security', 'identity'] as const
