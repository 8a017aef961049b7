// The page that is measured: the app's own chart, or a bare ECharts with the same lines, moved step by step from outside.
import { LineChart as EChartsLine } from 'echarts/charts'
import { DataZoomComponent, GridComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { createApp, h, nextTick, shallowRef } from 'vue'
import { stylesOf, type Columns, type LineSeries } from '@/shared/charts'
import LineChart from '@/shared/charts/LineChart.vue'
import { i18n } from '@/shared/i18n'
import '@/shared/theme/base.css'

const LINES = 100
const POINTS = 2_000
const STREAMING = 32

interface Subject {
  /** Looks at a part of x, from 0 to 1. */
  zoom: (from: number, to: number) => void
  /** One point more of each of 32 lines. */
  append: () => void
  box: () => HTMLElement
}

// A fixed sequence: every run draws the same lines.
let state = 7
const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32

function curves(): Columns[] {
  return Array.from({ length: LINES }, (_, line) => ({
    x: Float64Array.from({ length: POINTS }, (_, at) => at),
    y: Float64Array.from({ length: POINTS }, (_, at) => 2 * Math.exp(-at / (200 + 10 * line)) + 0.1 * random() + line / 100),
  }))
}

function longer({ x, y }: Columns): Columns {
  const [nextX, nextY] = [new Float64Array(x.length + 1), new Float64Array(y.length + 1)]
  nextX.set(x)
  nextY.set(y)
  nextX[x.length] = x.length
  nextY[y.length] = (y[y.length - 1] as number) + 0.01 * (random() - 0.5)
  return { x: nextX, y: nextY }
}

function argus(stage: HTMLElement): Subject {
  const ids = Array.from({ length: LINES }, (_, line) => `job-${line}`)
  const styles = stylesOf(ids, 'light')
  const lines = (all: Columns[]): LineSeries[] => all.map((points, at) => ({ id: ids[at] as string, name: `job ${at}`, points, colour: styles.get(ids[at] as string)?.colour ?? '' }))
  let all = curves()
  const series = shallowRef(lines(all))
  const part = shallowRef<readonly [number, number] | null>(null)
  createApp({
    render: () => h(LineChart, { series: series.value, label: 'A hundred curves', height: 500, zoom: true, part: part.value, 'onUpdate:part': (next: readonly [number, number] | null) => (part.value = next) }),
  })
    .use(i18n)
    .mount(stage)
  return {
    zoom: (from, to) => (part.value = [from * (POINTS - 1), to * (POINTS - 1)]),
    append() {
      all = all.map((one, at) => (at < STREAMING ? longer(one) : one))
      series.value = lines(all)
    },
    box: () => stage.querySelector<HTMLElement>('[data-testid=chart]') as HTMLElement,
  }
}

function bare(stage: HTMLElement): Subject {
  use([EChartsLine, GridComponent, TooltipComponent, DataZoomComponent, CanvasRenderer])
  const chart = init(stage)
  let all = curves()
  const data = ({ x, y }: Columns): number[][] => Array.from(x, (place, at) => [place, y[at] as number])
  const option = (): object => ({
    animation: false,
    tooltip: { trigger: 'axis', transitionDuration: 0 },
    xAxis: { type: 'value', min: 'dataMin', max: 'dataMax' },
    yAxis: { type: 'value' },
    dataZoom: [{ type: 'inside', filterMode: 'none' }],
    series: all.map((one, at) => ({ id: String(at), type: 'line', showSymbol: false, sampling: 'lttb', emphasis: { disabled: true }, data: data(one) })),
  })
  chart.setOption(option())
  return {
    zoom: (from, to) => chart.dispatchAction({ type: 'dataZoom', start: from * 100, end: to * 100 }),
    append() {
      all = all.map((one, at) => (at < STREAMING ? longer(one) : one))
      chart.setOption({ series: all.slice(0, STREAMING).map((one, at) => ({ id: String(at), data: data(one) })) })
    },
    box: () => stage,
  }
}

interface Figures {
  /** Milliseconds between two frames, each. */
  frames: number[]
  /** Of each task that held the page up, its length. */
  longTasks: number[]
}

/** Calls `act` once a frame, `turns` times, and reports how far apart the frames were. */
async function frames(turns: number, act: (turn: number) => void): Promise<Figures> {
  const longTasks: number[] = []
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => longTasks.push(duration)))
  observer.observe({ type: 'longtask' })
  const found: number[] = []
  let last = await new Promise<number>(requestAnimationFrame)
  for (let turn = 0; turn < turns; turn += 1) {
    act(turn)
    await nextTick()
    const now = await new Promise<number>(requestAnimationFrame)
    found.push(now - last)
    last = now
  }
  observer.disconnect()
  return { frames: found, longTasks }
}

const stage = document.getElementById('stage') as HTMLElement
const subject = new URLSearchParams(location.search).get('subject') === 'echarts' ? bare(stage) : argus(stage)

const acts: Record<string, (turn: number, turns: number) => void> = {
  /** Nothing: how far apart frames are on this machine, now. */
  idle: () => undefined,
  hover(turn, turns) {
    const { left, top, width } = subject.box().getBoundingClientRect()
    const where = { clientX: left + 80 + ((width - 120) * turn) / turns, clientY: top + 200, bubbles: true }
    const target = stage.querySelector('canvas')?.closest('[data-testid=chart]') ?? stage.querySelector('canvas') ?? stage
    target.dispatchEvent(new PointerEvent('pointermove', { ...where, pointerType: 'mouse' }))
    target.dispatchEvent(new MouseEvent('mousemove', where))
  },
  zoom(turn, turns) {
    const half = 0.5 - 0.45 * Math.sin((Math.PI * turn) / turns)
    subject.zoom(0.5 - half, 0.5 + half)
  },
  append: () => subject.append(),
}

Object.assign(window, { measure: (name: string, turns: number) => frames(turns, (turn) => acts[name]?.(turn, turns)), ready: true })
