// What somebody changed, put into a recorded command the way that command takes its settings: what the agent will run
// (`sdk/argus/agent/overriding.py`; both are held to sdk/tests/agent/vectors/overriding.json). Pure.

/** A word of a command: what the program gets, and how the command has it. */
interface Word {
  text: string
  written: string
}

// A part of a word: in quotes, behind a backslash, or one plain character. In none of them is anything that a shell does
// more with than to take it.
const PIECE = /'([^']*)'|"([^"$`\\]*)"|\\([^\n])|([^\s'"\\|&;<>()$`*?[\]{}~!#])/g
const OPTION = /^--?[A-Za-z]/
const PAIR = /^\+{0,2}[A-Za-z_][\w.@/-]*=/
const PYTHON = /(?:^|\/)python[\d.]*$/

/** A word as a POSIX shell takes it. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)

/** The shell command with its settings changed; see the agent's `overridden` for the rules. */
export function overridden(command: string, overrides: Readonly<Record<string, unknown>>): string {
  const changes = Object.entries(overrides)
  if (!changes.length) return command
  const words = wordsOf(command)
  if (!words) return [command, ...changes.flatMap(([key, value]) => added(key, value, false)).map(({ written }) => written)].join(' ')
  for (const [key, value] of changes) change(words, key, value)
  return words.map(({ written }) => written).join(' ')
}

function change(words: Word[], key: string, value: unknown): void {
  const begin = firstArgument(words)
  const text = textOf(value)
  // A launcher's own options after the program's.
  for (const place of [...range(begin, words.length), ...range(1, begin)]) {
    const word = words[place]?.text ?? ''
    if (place < begin && !word.startsWith('--')) continue
    const sign = word.indexOf('=')
    const name = sign < 0 ? word : word.slice(0, sign)
    const old = sign < 0 ? '' : word.slice(sign + 1)
    if (PAIR.test(word) && name.replace(/^\++/, '') === key) {
      words[place] = made(`${name}=${like(old, text)}`)
      return
    }
    if (!OPTION.test(word)) continue
    if (isSame(name, key)) {
      if (sign >= 0) words[place] = made(`${name}=${like(old, text)}`)
      else changeOption(words, place, value)
      return
    }
    if (sign < 0 && isSame(name, `no-${key}`) && typeof value === 'boolean') {
      if (value) words[place] = made(`--${key}`)
      return
    }
  }
  const rest = words.slice(begin)
  const asOption = rest.some((word) => OPTION.test(word.text)) && !rest.some((word) => PAIR.test(word.text))
  words.push(...added(key, value, asOption))
}

/** What comes at the end. A key with dashes is an option, whatever the command takes. */
function added(key: string, value: unknown, asOption: boolean): Word[] {
  const text = textOf(value)
  if (!asOption && !key.startsWith('-')) return [made(`${key}=${text}`)]
  const name = key.startsWith('-') ? key : `--${key}`
  if (value === true) return [made(name)]
  return name.startsWith('--') ? [made(`${name}=${text}`)] : [made(name), made(text)]
}

/** Changes the values after an option, or the flag that it is. */
function changeOption(words: Word[], place: number, value: unknown): void {
  const text = textOf(value)
  let end = place + 1
  while (end < words.length && !OPTION.test(words[end]?.text ?? '')) end += 1
  const hasValue = end > place + 1
  if (Array.isArray(value) && hasValue) words.splice(place + 1, end - place - 1, ...value.map((one) => made(textOf(one))))
  else if (hasValue) words[place + 1] = made(like(words[place + 1]?.text ?? '', text))
  else if (text === 'false' || text === 'null') words.splice(place, 1)
  else if (value !== true) words.splice(place + 1, 0, made(text))
}

/** Where the program's own arguments begin: after a script, after Python's `-m` or `-c`, else after the first word. */
function firstArgument(words: readonly Word[]): number {
  for (const [place, { text }] of words.entries()) {
    if (text.endsWith('.py') && !text.startsWith('-')) return place + 1
    if ((text === '-m' || text === '-c') && PYTHON.test(words[place - 1]?.text ?? '')) return place + 2
  }
  return 1
}

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, step) => from + step)

const plain = (name: string): string => name.replace(/^-+/, '').replaceAll('_', '-')

const isSame = (option: string, key: string): boolean => plain(option) === plain(key)

/** Truths are written as the command wrote them: `True` as Python does. */
function like(old: string, text: string): string {
  const isPythons = ['True', 'False', 'None'].includes(old) && (text === 'true' || text === 'false')
  return isPythons ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

const made = (text: string): Word => ({ text, written: quoted(text) })

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** The words of a command as a shell would take them, or null where it would do more than to take them. */
function wordsOf(command: string): Word[] | null {
  const words: Word[] = []
  const word = new RegExp(`((?:${PIECE.source})+)(?:[ \\t]+|$)`, 'y')
  word.lastIndex = command.length - command.replace(/^[ \t]+/, '').length
  while (word.lastIndex < command.length) {
    const written = word.exec(command)?.[1]
    if (written === undefined) return null
    const pieces = [...written.matchAll(PIECE)].map((piece) => piece.slice(1).find((part) => part !== undefined) ?? '')
    words.push({ text: pieces.join(''), written })
  }
  return words
}
