// The parts of the administration, in the order of their tabs.
export const SECTIONS = ['users', 'invites', 'config', 'flags', 'audit', 'mail', 'templates', 'deliveries', 'retention', 'security', 'keys', 'identity'] as const
export type Section = (typeof SECTIONS)[number]
