// Levels as a reader chooses them; the server knows the same ranks (services/catalog/argus_catalog/logs/levels.py).
export const LEVELS = ['all', 'info', 'warn', 'error'] as const

const RANK: Readonly<Record<string, number>> = { trace: 0, debug: 0, warn: 2, warning: 2, error: 3, critical: 3, fatal: 3 }
const LEAST: Readonly<Record<string, number>> = { info: 1, warn: 2, error: 3 }

export const rankOf = (level: string): number => RANK[level.toLowerCase()] ?? 1

export interface Wanted {
  level: string
  text: string
}

export const isWanted = (line: { level: string; line: string }, { level, text }: Wanted): boolean =>
  rankOf(line.level) >= (LEAST[level] ?? 0) && (text === '' || line.line.toLowerCase().includes(text.toLowerCase()))
