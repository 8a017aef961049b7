// A build compiles the messages; what a reader sees must be what vue-i18n itself makes of them.
import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'
import { compileTree } from '../../../scripts/vite/messages'
import en from './en'
import zh from './zh'

// Each message is compiled twice.
const SLOW_MS = 60_000
type Tree = { [key: string]: string | Tree }

const keysOf = (tree: Tree, prefix = ''): string[] => Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key}.`)))
const textAt = (tree: Tree, key: string): string => key.split('.').reduce<Tree | string>((at, part) => (at as Tree)[part] ?? '', tree) as string
const translator = (locale: string, messages: Tree, messageCompiler?: () => never) => createI18n({ legacy: false, locale, messages: { [locale]: messages }, messageCompiler, missingWarn: false, fallbackWarn: false }).global.t

describe.each([
  ['en-US', en as Tree],
  ['zh-CN', zh as Tree],
])('the compiled messages of %s', (locale, messages) => {
  it('say what they say when they are compiled in the browser', async () => {
    const { default: compiled } = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(`export default ${compileTree(messages)}`)}`)) as { default: Tree }
    // As in a build: what is left as text is text.
    const plain = translator(locale, compiled, ((text: string) => () => text) as never)
    const whole = translator(locale, messages)
    const differ = keysOf(messages).filter((key) => {
      const text = textAt(messages, key)
      const values = Object.fromEntries([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, `<${name}>`]))
      return (text.includes('|') ? [0, 1, 2] : [1]).some((count) => plain(key, values, count) !== whole(key, values, count))
    })
    expect(differ).toEqual([])
  }, SLOW_MS)
})
