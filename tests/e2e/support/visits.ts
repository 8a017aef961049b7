// One visit of a page that looks at several things at once: its policy, its scripts, its width on a phone, and what
// axe-core calls serious or critical (WCAG 2.2 A and AA) in either theme.
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

export const DESK = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
// What the rules of these standards ask of colours; nothing else is another in another theme.
const OF_COLOURS = ['color-contrast', 'link-in-text-block']

// A closed Select of Ant Design names its list before it is made, and says that it is closed only once it was open.
const OF_THE_LIBRARY = ['aria-required-attr', 'aria-valid-attr-value']

/** Looks at pages; what it found is told by `report`, so that one run tells everything. */
export class Visitor {
  private readonly found = { policy: [] as string[], scripts: [] as string[], width: [] as string[], axe: [] as string[] }

  private constructor(private readonly page: Page) {}

  static async of(page: Page): Promise<Visitor> {
    const visitor = new Visitor(page)
    const { policy, scripts } = visitor.found
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await page.exposeFunction('argusRefused', (what: string) => policy.push(what))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (window as unknown as { argusRefused: (what: string) => void }).argusRefused
        report(`${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber} on ${location.pathname}`)
      })
    })
    page.on('pageerror', (error) => scripts.push(`${page.url()}: ${error.message}`))
    page.on('console', (message) => {
      if (/content security policy|permissions policy|cross-origin-|trusted type/i.test(message.text())) policy.push(message.text())
      // A page that is not there is asked for, too.
      else if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) scripts.push(`${page.url()}: ${message.text()}`)
    })
    return visitor
  }

  /** Opens a page on a phone, and looks whether it fits. */
  async fit(path: string): Promise<void> {
    await this.page.setViewportSize(PHONE)
    await this.page.goto(path)
    await this.settled()
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth)
    if (wide > PHONE.width) this.found.width.push(`${path} is ${wide} px wide`)
  }

  /** Opens a page on a phone, turns it into a desk's, and looks at it in both themes. */
  async see(path: string): Promise<void> {
    await this.fit(path)
    await this.page.setViewportSize(DESK)
    await this.settled()
    await this.inBothThemes(path)
  }

  /** Looks at what is shown now, and leaves it as it was. */
  async inBothThemes(what: string): Promise<void> {
    await this.look(`light ${what}`, new AxeBuilder({ page: this.page }).withTags(STANDARDS))
    await this.turn('dark')
    await this.look(`dark ${what}`, new AxeBuilder({ page: this.page }).withRules(OF_COLOURS))
    await this.turn('light')
  }

  /** Fails with all that was found. */
  report(): void {
    const { policy, scripts, width, axe } = this.found
    expect.soft(policy, 'the policy of the pages refused something').toEqual([])
    expect.soft(scripts, 'scripts of the pages failed').toEqual([])
    expect.soft(width, `pages do not fit a phone of ${PHONE.width} px`).toEqual([])
    expect.soft(axe.join('\n'), 'axe found faults').toBe('')
  }

  private async settled(): Promise<void> {
    await expect(this.page.locator('h1, h2').first()).toBeVisible()
    await expect(this.page.getByTestId('skeleton')).toHaveCount(0)
  }

  private async turn(theme: 'light' | 'dark'): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await expect(this.page.locator('html')).toHaveAttribute('data-theme', theme)
  }

  /** A line for each kind of fault. */
  private async look(where: string, axe: AxeBuilder): Promise<void> {
    // Else it opens a page of its own each time, only to put its results together.
    const { violations } = await axe.setLegacyMode().analyze()
    for (const { id, impact, nodes } of violations) {
      const ours = nodes.filter(({ html }) => !(OF_THE_LIBRARY.includes(id) && html.includes('ant-select-selection')))
      if (ours.length === 0 || (impact !== 'serious' && impact !== 'critical')) continue
      const told = ours.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary?.split('\n')[1]?.trim() ?? ''}`)
      this.found.axe.push(`${where}: ${id} (${ours.length}): ${told.join(' | ')}`)
    }
  }
}
