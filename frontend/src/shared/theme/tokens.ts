// Palette -> Ant Design theme, and palette -> CSS variables for our own styles.
import { theme as antd } from 'ant-design-vue'
import { PALETTES, type Palette, type ThemeName } from './palette'

const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"

// What Ant Design makes of dark colours for backgrounds is grey, and their own text is hard to read on it.
const LIGHT_BACKGROUNDS = { colorSuccessBg: '#eef8f2', colorWarningBg: '#fdf6e9' }
// And what they make of colours under the pointer is paler, which nobody reads on white.
const LIGHT_HOVERS = { colorPrimaryHover: '#194cab', colorLinkHover: '#194cab', colorErrorHover: '#971f1a' }

export function antdTheme(name: ThemeName) {
  const colours = PALETTES[name]
  return {
    algorithm: name === 'dark' ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: colours.accent,
      colorInfo: colours.accent,
      colorLink: colours.accent,
      colorSuccess: colours.running,
      colorError: colours.failed,
      colorWarning: colours.stalled,
      colorBgLayout: colours.page,
      colorBgContainer: colours.surface,
      colorBgElevated: colours.raised,
      colorBorder: colours.lineStrong,
      colorBorderSecondary: colours.line,
      colorText: colours.text,
      colorTextSecondary: colours.textSoft,
      colorTextTertiary: colours.textFaint,
      colorTextPlaceholder: colours.textFaint,
      colorTextLightSolid: name === 'dark' ? colours.page : colours.surface,
      fontFamily: FONT,
      fontSize: 14,
      borderRadius: 6,
      controlHeight: 32,
      wireframe: false,
      ...(name === 'light' ? { ...LIGHT_BACKGROUNDS, ...LIGHT_HOVERS } : {}),
    },
  }
}

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** `accent` -> `--c-accent`, and so on for every colour of the palette. */
export function cssVariables(colours: Palette): Record<string, string> {
  return Object.fromEntries(Object.entries(colours).map(([key, value]) => [`--c-${kebab(key)}`, value as string]))
}

export function applyTheme(name: ThemeName, root: HTMLElement = document.documentElement): void {
  root.dataset.theme = name
  root.style.colorScheme = name
  root.style.setProperty('--font', FONT)
  for (const [key, value] of Object.entries(cssVariables(PALETTES[name]))) root.style.setProperty(key, value)
}
