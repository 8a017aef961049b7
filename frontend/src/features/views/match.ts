// A view and an address: the same parameters, in whatever order.

export type Parameters = Readonly<Record<string, string>>

export function parametersOf(query: Readonly<Record<string, unknown>>): Parameters {
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''))
}

export function isSame(a: Parameters, b: Parameters): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
