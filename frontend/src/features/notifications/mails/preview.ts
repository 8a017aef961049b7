// A mail's HTML as a page shows it: in a frame of its own, in the look that is asked for.
export type Look = 'light' | 'dark'

const DARK = /@media\s*\(prefers-color-scheme:\s*dark\)/g

/**
 * The same mail with its dark look switched on or off: a frame cannot be told what its reader prefers.
 * Links lead nowhere: the frame is a sandbox.
 */
export function inLook(html: string, look: Look): string {
  const media = look === 'dark' ? '@media all' : '@media not all'
  return html.replace(DARK, media).replace(/color-scheme: light dark/g, `color-scheme: ${look}`).replace('name="color-scheme" content="light dark"', `name="color-scheme" content="${look}"`)
}
