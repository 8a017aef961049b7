import { describe, expect, it } from 'vitest'
import { PALETTES } from '@/shared/theme/palette'
import { parseAnsi, plainText } from './ansi'
import { contrast, cssOf, legible, NAMED, resolve } from './colours'
import { LONGEST, paint } from './paint'

const ESC = '\u001b'
const shown = (line: string) => parseAnsi(line).map(({ text, style }) => [text, style])

describe('colours and weights', () => {
  it.each([
    ['plain', [['plain', {}]]],
    [`${ESC}[31mred${ESC}[0m no`, [['red', { fg: 1 }], [' no', {}]]],
    [`${ESC}[1;33;44mx`, [['x', { bold: true, fg: 3, bg: 4 }]]],
    [`${ESC}[92mx${ESC}[39my`, [['x', { fg: 10 }], ['y', { fg: undefined }]]],
    [`${ESC}[38;5;208mx`, [['x', { fg: 208 }]]],
    [`${ESC}[38;2;255;0;128mx`, [['x', { fg: '#ff0080' }]]],
    [`${ESC}[48:2::1:2:3mx`, [['x', { bg: '#010203' }]]],
    [`${ESC}[38;5;1;1mx`, [['x', { fg: 1, bold: true }]]],
    [`${ESC}[4:3mx${ESC}[4:0my`, [['x', { underline: true }], ['y', { underline: undefined }]]],
    [`${ESC}[mx`, [['x', {}]]],
    [`${ESC}[38;5;999mx`, [['x', {}]]],
    [`${ESC}[2;3;7;9mx`, [['x', { dim: true, italic: true, inverse: true, strike: true }]]],
  ])('%j', (line, expected) => {
    expect(shown(line)).toEqual(expected)
  })
})

describe('everything else that is no text', () => {
  it.each([
    [`${ESC}]8;;https://x.org${ESC}\\link${ESC}]8;;${ESC}\\!`, 'link!'],
    [`${ESC}]0;title\u0007text`, 'text'],
    [`${ESC}[?25l${ESC}[2Jx${ESC}[10;5Hy`, 'xy'],
    [`${ESC}(Bx${ESC}=y`, 'xy'],
    [`x\u0000\u0007y\u009b31mz`, 'xyz'],
    [`cut${ESC}[3`, 'cut'],
    [`cut${ESC}`, 'cut'],
    [`${ESC}Pq#0;2;0;0;0${ESC}\\x`, 'x'],
    ['a\tb', 'a\tb'],
    ['<b>not</b>', '<b>not</b>'],
  ])('%j', (line, expected) => {
    expect(plainText(line)).toBe(expected)
  })
})

describe('writing over', () => {
  it.each([
    ['10%\r20%\r30%', '30%'],
    ['100 %\rdone', 'done%'],
    ['long text\rnew\u001b[K', 'new'],
    ['\r\u001b[2K 50% |##  |', ' 50% |##  |'],
    ['ab\b\bcd', 'cd'],
    ['windows\r', 'windows'],
    ['\u001b[5Gx', '    x'],
    ['日本\r中', '中本'],
  ])('%j', (line, expected) => {
    expect(plainText(line)).toBe(expected)
  })

  it('keeps the colour of what stands at last', () => {
    expect(shown(`${ESC}[31mab\r${ESC}[32mc`)).toEqual([['c', { fg: 2 }], ['b', { fg: 1 }]])
  })
})

describe('contrast', () => {
  it.each(['light', 'dark'] as const)('named colours are legible in the %s theme', (theme) => {
    for (const colour of NAMED[theme]) for (const behind of [PALETTES[theme].surface, PALETTES[theme].page, PALETTES[theme].sunken]) expect(contrast(colour, behind), `${colour} on ${behind}`).toBeGreaterThanOrEqual(4.4)
  })

  it.each(['light', 'dark'] as const)('every colour of 256, on every other, in the %s theme', (theme) => {
    for (let fg = 0; fg < 256; fg += 1) {
      expect(contrast(legible(resolve(fg, theme), PALETTES[theme].surface), PALETTES[theme].surface)).toBeGreaterThanOrEqual(4.5)
      const css = cssOf({ fg, bg: (fg * 7) % 256 }, theme)
      expect(contrast(css?.color as string, css?.backgroundColor as string), `${fg}`).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('leaves alone what is legible, and turns what is inverse', () => {
    expect(legible('#000000', '#ffffff')).toBe('#000000')
    expect(cssOf({ inverse: true }, 'light')).toEqual({ backgroundColor: PALETTES.light.text, color: PALETTES.light.surface })
    expect(cssOf({}, 'dark')).toBeUndefined()
    expect(resolve(196, 'light')).toBe('#ff0000')
    expect(resolve(244, 'dark')).toBe('#808080')
  })
})

describe('painting', () => {
  it('marks matches in any case, across colours', () => {
    const { pieces } = paint(`a${ESC}[31mBc${ESC}[0mD abcd`, 'bCd')
    expect(pieces.map((piece) => [piece.text, piece.match])).toEqual([
      ['a', false],
      ['Bc', true],
      ['D', true],
      [' a', false],
      ['bcd', true],
    ])
  })

  it('ends very long lines early and says how much is left', () => {
    const { pieces, left } = paint('x'.repeat(LONGEST + 5), '')
    expect([pieces.map((piece) => piece.text.length), left]).toEqual([[LONGEST], 5])
  })
})
