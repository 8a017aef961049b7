// Ant Design's Select passes no `aria-label` on to its field: what names it is a label around it, or one for its id.
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'

const sources = import.meta.glob<string>('../../**/*.vue', { query: '?raw', import: 'default', eager: true })
const SELECTS = new Set(['Select', 'LateSelect'])

interface Attribute { name: string; value?: { content: string }; arg?: { content?: string }; exp?: { content?: string } }
interface Element { tag?: string; props?: Attribute[]; children?: unknown[]; loc: { start: { line: number } } }

const said = (element: Element, name: string): string | undefined => {
  const attribute = element.props?.find((one) => one.name === name || (one.name === 'bind' && one.arg?.content === name))
  return attribute?.value?.content ?? attribute?.exp?.content
}

/** The lines of selects that nothing names. */
function unnamed(source: string): number[] {
  const named = new Set<string>()
  const found: { id: string | undefined; line: number }[] = []
  if (!source.includes('Select')) return []
  const visit = (element: Element, isInLabel: boolean): void => {
    const target = element.tag === 'label' ? said(element, 'for') : undefined
    if (target !== undefined) named.add(target)
    if (SELECTS.has(element.tag ?? '') && !isInLabel) found.push({ id: said(element, 'id'), line: element.loc.start.line })
    for (const child of element.children ?? []) visit(child as Element, isInLabel || element.tag === 'label')
  }
  const tree = parse(source).descriptor.template?.ast
  if (tree) visit(tree as unknown as Element, false)
  return found.filter(({ id }) => id === undefined || !named.has(id)).map(({ line }) => line)
}

describe('selects', () => {
  it('that have only an aria-label are found', () => {
    const template = '<template><label for="a">A</label>\n<Select id="a" />\n<label>B<Select /></label>\n<LateSelect aria-label="C" />\n<Select id="d" /></template>'
    expect(unnamed(template)).toEqual([4, 5])
  })

  it('are named in every component', () => {
    expect(Object.keys(sources).length).toBeGreaterThan(100)
    expect(Object.entries(sources).flatMap(([path, source]) => unnamed(source).map((line) => `${path}:${line}`))).toEqual([])
  })
})
