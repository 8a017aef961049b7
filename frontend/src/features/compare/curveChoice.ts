// Which curve is shown until one is chosen. Pure.

/** The loss that tells most, else the first that is no mere setting. */
export const mainCurve = (names: readonly string[]): string =>
  names.find((name) => name === 'val_loss') ?? names.find((name) => /loss/i.test(name)) ?? names.find((name) => name !== 'lr') ?? names[0] ?? ''
