/** Only addresses of this app: `//elsewhere`, `/\elsewhere` and `https:` would lead away. */
export function safeRedirect(target: unknown): string {
  return typeof target === 'string' && /^\/(?![/\\])/.test(target) ? target : '/'
}
