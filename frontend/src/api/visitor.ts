// Public pages ask as nobody, whoever is signed in: what they show is what everyone sees.
let visiting = false

export const isVisiting = (): boolean => visiting

/** Called before each page: from then on requests carry a credential, or none. */
export function visit(on: boolean): void {
  visiting = on
}
