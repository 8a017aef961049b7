// What a page shows of an env_snapshot: the known fields by name, and all others as they came.
import { formatMemory } from '@/shared/i18n/format'

export interface Environment {
  sha: string | null
  commitUrl: string | null
  dirty: boolean
  facts: { key: FactKey; value: string }[]
  packages: string[]
  config: string | null
  diff: string | null
  untracked: string[]
  other: string | null
}

export type FactKey = 'branch' | 'python' | 'hostname' | 'directory' | 'script' | 'system' | 'cpu' | 'ram' | 'gpus' | 'cuda' | 'driver'

const KNOWN = new Set([
  'git_sha',
  'git_sha_short',
  'git_branch',
  'git_dirty',
  'git_remote',
  'git_remote_url',
  'python_version',
  'hostname',
  'cwd',
  'pip_freeze',
  'hydra_config_content',
  'hydra_config_digest',
  'config',
  'git_diff',
  'git_diff_truncated',
  'git_diff_bytes',
  'git_diff_sha256',
  'git_untracked',
  'entry_script',
  'os',
  'cpu_model',
  'ram_total_mb',
  'gpu_names',
  'cuda_version',
  'hip_version',
  'driver_version',
])

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

/** Equal names once, with how many there are. */
function counted(names: unknown): string | null {
  const all = texts(names)
  const each = [...new Set(all)].map((name) => [name, all.filter((other) => other === name).length] as const)
  return each.map(([name, count]) => (count > 1 ? `${count} × ${name}` : name)).join(', ') || null
}

export function readEnvironment(snapshot: Readonly<Record<string, unknown>> | null | undefined): Environment | null {
  if (!snapshot) return null
  const sha = text(snapshot.git_sha)
  const remote = text(snapshot.git_remote_url)
  const rest = Object.entries(snapshot).filter(([key, value]) => !KNOWN.has(key) && value !== null)
  const named = [
    { key: 'branch' as const, value: text(snapshot.git_branch) },
    { key: 'python' as const, value: text(snapshot.python_version) },
    { key: 'hostname' as const, value: text(snapshot.hostname) },
    { key: 'directory' as const, value: text(snapshot.cwd) },
    { key: 'script' as const, value: text(snapshot.entry_script) },
    { key: 'system' as const, value: text(snapshot.os) },
    { key: 'cpu' as const, value: text(snapshot.cpu_model) },
    { key: 'ram' as const, value: typeof snapshot.ram_total_mb === 'number' ? formatMemory(snapshot.ram_total_mb) : null },
    { key: 'gpus' as const, value: counted(snapshot.gpu_names) },
    { key: 'cuda' as const, value: text(snapshot.cuda_version) ?? text(snapshot.hip_version) },
    { key: 'driver' as const, value: text(snapshot.driver_version) },
  ]
  return {
    sha,
    // Only a web address becomes a link: the remote is what the script said.
    commitUrl: sha && remote && /^https?:\/\//.test(remote) ? `${remote}/commit/${encodeURIComponent(sha)}` : null,
    dirty: snapshot.git_dirty === true,
    facts: named.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])),
    packages: texts(snapshot.pip_freeze),
    config: text(snapshot.hydra_config_content) ?? (snapshot.config ? JSON.stringify(snapshot.config, null, 2) : null),
    diff: text(snapshot.git_diff),
    untracked: texts(snapshot.git_untracked),
    other: rest.length > 0 ? JSON.stringify(Object.fromEntries(rest), null, 2) : null,
  }
}
