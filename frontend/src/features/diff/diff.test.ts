import { describe, expect, it } from 'vitest'
import { allRows, diffLines, diffPackages, diffPieces, diffRows, diffWords, flatten, foldSame, parsePatch, shownValue, words } from '.'

describe('rows of settings', () => {
  it('flattens what is nested, and keeps lists and empty records whole', () => {
    expect([...flatten({ optim: { lr: 0.1, betas: [0.9, 0.99] }, tags: {}, seed: null })]).toEqual([
      ['optim.lr', 0.1],
      ['optim.betas', [0.9, 0.99]],
      ['tags', {}],
      ['seed', null],
    ])
    expect(flatten(null).size).toBe(0)
  })

  it('tells only what differs, for any number of sides', () => {
    const rows = diffRows({ lr: 0.1, seed: 1, net: { depth: 2 } }, { lr: 0.1, seed: 2, net: { depth: 2 } }, { lr: 0.1, seed: 3, net: {} })
    expect(rows.map((row) => [row.key, row.values])).toEqual([
      ['net', [undefined, undefined, {}]],
      ['net.depth', [2, 2, undefined]],
      ['seed', [1, 2, 3]],
    ])
  })

  it('does not call another order of keys, or the same list, a difference', () => {
    expect(diffRows({ a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] })).toEqual([])
    expect(allRows([{ a: 1 }, { a: 1 }])).toEqual([{ key: 'a', values: [1, 1], differs: false }])
  })

  it('tells a text from a number, and null from missing', () => {
    expect(diffRows({ a: '1', b: null }, { a: 1 }).map((row) => row.key)).toEqual(['a', 'b'])
    expect([shownValue('x y'), shownValue([1, 'a']), shownValue(null), shownValue(undefined)]).toEqual(['x y', '[1,"a"]', 'null', ''])
  })
})

describe('packages', () => {
  it('says what was added, removed and changed', () => {
    const rows = diffPackages(['torch==2.3.0', 'Old_Pkg==1', 'numpy==2.0'], ['torch==2.4.0', 'numpy==2.0', 'einops @ https://x.org/e.whl'])
    expect(rows).toEqual([
      { name: 'einops', versions: [null, 'https://x.org/e.whl'], change: 'added' },
      { name: 'old-pkg', versions: ['1', null], change: 'removed' },
      { name: 'torch', versions: ['2.3.0', '2.4.0'], change: 'changed' },
    ])
  })

  it('knows a package by any spelling of its name', () => {
    expect(diffPackages(['ruamel.yaml==1'], ['Ruamel_YAML==1', '# a comment', '']).length).toBe(0)
    expect(diffPackages(['-e git+https://x.org/lab.git@abc#egg=lab_code'], []).map((row) => row.name)).toEqual(['lab-code'])
  })
})

describe('texts', () => {
  const rebuilt = (pieces: ReturnType<typeof diffPieces>, side: 'removed' | 'added') => pieces.filter((piece) => piece.kind === 'same' || piece.kind === side).map((piece) => piece.text)

  it('keeps both texts whole, whatever changed', () => {
    let state = 7
    const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below
    for (let round = 0; round < 300; round += 1) {
      const make = (): string[] => Array.from({ length: random(12) }, () => 'abc'[random(3)] as string)
      const [before, after] = [make(), make()]
      const pieces = diffPieces(before, after)
      expect(rebuilt(pieces, 'removed')).toEqual(before)
      expect(rebuilt(pieces, 'added')).toEqual(after)
    }
  })

  it('finds the shortest change', () => {
    expect(diffLines('a\nb\nc', 'a\nc\nd').map((piece) => `${piece.kind[0]}${piece.text}`)).toEqual(['sa', 'rb', 'sc', 'ad'])
  })

  it('gives up on unlike texts in bounded work, and still shows both', () => {
    const before = Array.from({ length: 60 }, (_, at) => `b${at}`)
    const pieces = diffPieces(before, ['x'], 5)
    expect(rebuilt(pieces, 'removed')).toEqual(before)
    expect(rebuilt(pieces, 'added')).toEqual(['x'])
  })

  it('cuts a command at its words, quoted ones whole', () => {
    expect(words(`python train.py --name "a b" lr='1 2'`)).toEqual(['python', 'train.py', '--name', '"a b"', "lr='1 2'"])
    expect(diffWords('train --lr 1 --seed 2', 'train --lr 1 --seed 3').filter((piece) => piece.kind !== 'same').map((piece) => piece.text)).toEqual(['2', '3'])
  })

  it('folds what is far from a change', () => {
    const pieces = diffPieces([...'abcdefghij'], [...'abcdefghiX'])
    expect(foldSame(pieces, 1).map((piece) => (piece.kind === 'folded' ? piece.count : piece.text))).toEqual([8, 'i', 'j', 'X'])
  })
})

describe('a git diff', () => {
  it('becomes files, hunks and numbered lines', () => {
    const [first, second] = parsePatch(
      ['diff --git a/train.py b/train.py', 'index 1..2 100644', '--- a/train.py', '+++ b/train.py', '@@ -10,3 +10,3 @@ def main():', ' same', '-old', '+new', '\\ No newline at end of file', 'diff --git a/x.png b/x.png', 'Binary files a/x.png and b/x.png differ', ''].join('\n'),
    )
    expect(first).toMatchObject({ name: 'train.py', added: 1, removed: 1 })
    expect(first?.hunks[0]?.title).toBe('def main():')
    expect(first?.hunks[0]?.lines.map((line) => [line.kind, line.text, line.before, line.after])).toEqual([
      ['context', 'same', 10, 10],
      ['removed', 'old', 11, null],
      ['added', 'new', null, 11],
      ['note', 'No newline at end of file', null, null],
    ])
    expect(second?.hunks[0]?.lines[0]?.text).toContain('Binary files')
  })
})
