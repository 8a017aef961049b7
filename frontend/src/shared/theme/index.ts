export { PALETTES, SERIES, type Palette, type ThemeName } from './palette'
export { antdTheme, cssVariables } from './tokens'
export { isPrinting, startTheme, themeName, useTheme, type ThemeChoice } from './useTheme'
