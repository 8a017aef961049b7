// The colours of Argus, once for each theme. Everything else asks for a token by name.
// Text and status colours have a contrast of at least 4.5:1 on every surface of their theme (tested).

export type ThemeName = 'light' | 'dark'

export interface Palette {
  accent: string
  page: string
  surface: string
  raised: string
  sunken: string
  line: string
  lineStrong: string
  text: string
  textSoft: string
  textFaint: string
  running: string
  failed: string
  stalled: string
  waiting: string
  finished: string
}

export const PALETTES: Record<ThemeName, Palette> = {
  light: {
    accent: '#1f5fd0',
    page: '#f5f6f8',
    surface: '#ffffff',
    raised: '#ffffff',
    sunken: '#eef0f3',
    line: '#e3e6ea',
    lineStrong: '#c9ced6',
    text: '#1a1f27',
    textSoft: '#4a5361',
    textFaint: '#5f6877',
    running: '#12733f',
    failed: '#c02626',
    stalled: '#8f5500',
    waiting: '#1f5fd0',
    finished: '#596271',
  },
  dark: {
    accent: '#6ea3ff',
    page: '#0e1116',
    surface: '#151a21',
    raised: '#1b212a',
    sunken: '#1f2630',
    line: '#262e39',
    lineStrong: '#3b4656',
    text: '#e8ebf0',
    textSoft: '#b4bdca',
    textFaint: '#94a0b0',
    running: '#45c37d',
    failed: '#ff7b76',
    stalled: '#e5a83b',
    waiting: '#7eb0ff',
    finished: '#a0a9b7',
  },
}

/**
 * Line colours of charts, safe for the common kinds of colour blindness and legible on both surfaces.
 * After Okabe and Ito, "Color Universal Design" (2008), darkened or lightened for each theme.
 */
export const SERIES: Record<ThemeName, readonly string[]> = {
  light: ['#1f6fb4', '#c4570a', '#0b8262', '#a8478c', '#8a6a00', '#3b8fc4', '#5b4bb0', '#b03a48', '#4d7a1e', '#6b7280'],
  dark: ['#5aa9e6', '#f0893c', '#34c19a', '#dd8cc3', '#e3c53d', '#8fd0f5', '#a99bff', '#ff8f98', '#a5d160', '#aab2bf'],
}
