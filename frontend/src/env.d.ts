/// <reference types="vite/client" />

/** True in a build, where messages are functions and text already: see scripts/vite/messages.ts. */
declare const __MESSAGES_ARE_COMPILED__: boolean
/** The messages that a build loads before anything is shown: see scripts/vite/words.ts. */
declare const __WORDS_OF_SHELL__: readonly string[]
