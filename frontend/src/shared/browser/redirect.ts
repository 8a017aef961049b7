const HERE = 'https://here.invalid'

/**
 * Where to go after signing in: an address of this app, whatever a link asks for. Browsers read `//elsewhere`,
 * `/\elsewhere` and `/<tab>/elsewhere` as another site, and the router hands on what it cannot show to the browser.
 */
export function safeRedirect(target: unknown): string {
  // Control characters are what browsers leave out of an address.
  if (typeof target !== 'string' || !/^\/(?!\/)[^\\\u0000-\u001f\u007f]*$/.test(target)) return '/'
  const url = new URL(target, HERE)
  const path = url.pathname + url.search + url.hash
  // `/.//elsewhere` becomes `//elsewhere` only here.
  return url.origin === HERE && !path.startsWith('//') ? path : '/'
}
