import { describe, expect, it } from 'vitest'
import { inLook } from './preview'

const MAIL = '<meta name="color-scheme" content="light dark"><style>:root { color-scheme: light dark } @media (prefers-color-scheme: dark) { p { color: #fff } }</style>'

describe('a mail in one look', () => {
  it('is dark whatever the system is', () => {
    expect(inLook(MAIL, 'dark')).toBe('<meta name="color-scheme" content="dark"><style>:root { color-scheme: dark } @media all { p { color: #fff } }</style>')
  })

  it('is light whatever the system is', () => {
    expect(inLook(MAIL, 'light')).toContain('@media not all { p')
    expect(inLook(MAIL, 'light')).toContain('content="light"')
  })

  it('leaves a mail without a dark look as it is', () => {
    expect(inLook('<p>prefers-color-scheme: dark</p>', 'dark')).toBe('<p>prefers-color-scheme: dark</p>')
  })
})
