/// <reference types="vite/client" />

/** True in a build, where messages are functions and text already: see scripts/vite/messages.ts. */
declare const __MESSAGES_ARE_COMPILED__: boolean
