import { describe, expect, it } from 'vitest'
import en from './en'
import zh from './zh'

// Every key is looked for in all sources.
const SLOW_MS = 60_000
type Tree = { [key: string]: string | Tree }

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') flat.set(prefix + key, value)
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text)
  }
  return flat
}

const english = flatten(en)
const chinese = flatten(zh)
const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
const sources = import.meta.glob<string>(['../../**/*.{vue,ts}', '!../../**/*.test.ts', '!./en/**', '!./zh/**'], { query: '?raw', import: 'default', eager: true })

describe('the two languages', () => {
  it('have the same keys', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('use the same placeholders', () => {
    for (const [key, text] of english) expect(placeholders(chinese.get(key) ?? ''), key).toEqual(placeholders(text))
  })

  it('leave nothing empty, and shout at nobody', () => {
    for (const [key, text] of [...english, ...chinese]) {
      expect(text.trim(), key).not.toBe('')
      // But for the sign of the query language.
      expect(text, key).not.toMatch(/[!！](?!=)/)
    }
  })

  it('address the reader in one way: Chinese says 你, as the mails do', () => {
    expect([...chinese].filter(([, text]) => text.includes('您')).map(([key]) => key)).toEqual([])
  })

  it('have every key that the sources name', () => {
    const missing: string[] = []
    for (const [file, source] of Object.entries(sources)) {
      for (const [, key] of source.matchAll(/\bt\(\s*'([\w.]+)'/g)) if (key && !english.has(key)) missing.push(`${file}: ${key}`)
    }
    expect(missing).toEqual([])
  })

  it('are used: no key is left over', () => {
    const all = Object.values(sources).join('\n')
    const dynamic = [...all.matchAll(/t[e]?\(\s*(?:[^)]*?)`([\w.]+)\.\$\{/g), ...all.matchAll(/`([\w.]+)\.\$\{/g)].map(([, prefix]) => `${prefix}.`)
    const unused = [...english.keys()].filter((key) => !all.includes(`'${key}'`) && !dynamic.some((prefix) => key.startsWith(prefix)))
    expect(unused).toEqual([])
  }, SLOW_MS)
})

describe('a count', () => {
  // These stand within a sentence, or in a line after other words.
  const WITHIN = new Set(['agents.away', 'channels.hears', 'hosts.jobsHere', 'hosts.freeAnswer', 'hosts.lanes.moreJobs', 'jobs.compare.settings', 'jobs.compare.packages', 'projects.runningHere', 'trash.jobs'])

  it('that may begin a line begins with a capital, whatever it is', () => {
    const small = [...english].filter(([key, text]) => text.includes(' | ') && !WITHIN.has(key) && text.split(' | ').some((form) => /^[a-z]/.test(form)))
    expect(small.map(([key]) => key)).toEqual([])
  })

  it('has as many forms in both languages, or one for all', () => {
    const forms = (text: string): number => text.split(' | ').length
    const differ = [...english].filter(([key, text]) => ![1, forms(text)].includes(forms(chinese.get(key) ?? '')) && forms(text) > 1)
    expect(differ.map(([key]) => key)).toEqual([])
  })
})

describe('components', () => {
  it('have no text of their own', () => {
    const offenders: string[] = []
    for (const [file, source] of Object.entries(sources)) {
      if (!file.endsWith('.vue')) continue
      const template = source.match(/<template>([\s\S]*)<\/template>/)?.[1] ?? ''
      const bare = template.replace(/<!--[\s\S]*?-->/g, '').replace(/\{\{[\s\S]*?\}\}/g, '')
      for (const [, text] of bare.matchAll(/>([^<>]*)</g)) if (/[A-Za-z]{3,}/.test(text ?? '') && !/^(Argus|English)$/.test((text ?? '').trim())) offenders.push(`${file}: ${text?.trim()}`)
    }
    expect(offenders).toEqual([])
  })

  it('have no colour of their own', () => {
    const offenders = Object.entries(sources).filter(([file, source]) => file.endsWith('.vue') && /#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(/i.test(source.replace(/href="#\w+"/g, '')))
    expect(offenders.map(([file]) => file)).toEqual([])
  })
})
