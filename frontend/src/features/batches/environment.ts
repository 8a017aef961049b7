// What a page shows of an env_snapshot: the known fields by name, and all others as they came.

export interface Environment {
  sha: string | null
  commitUrl: string | null
  dirty: boolean
  facts: { key: 'branch' | 'python' | 'hostname' | 'directory'; value: string }[]
  packages: string[]
  config: string | null
  other: string | null
}

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
])

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

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
  ]
  return {
    sha,
    // Only a web address becomes a link: the remote is what the script said.
    commitUrl: sha && remote && /^https?:\/\//.test(remote) ? `${remote}/commit/${encodeURIComponent(sha)}` : null,
    dirty: snapshot.git_dirty === true,
    facts: named.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])),
    packages: Array.isArray(snapshot.pip_freeze) ? snapshot.pip_freeze.map(String) : [],
    config: text(snapshot.hydra_config_content),
    other: rest.length > 0 ? JSON.stringify(Object.fromEntries(rest), null, 2) : null,
  }
}
