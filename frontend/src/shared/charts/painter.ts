// Draws a scene on a canvas, a few lines a frame. Until a new picture is whole, the last one is shown, stretched to where
// its points are now: a zoom follows the hand at once and turns sharp a moment later.
import { toPixel, type Rect } from './scale'
import type { Drawing, OddMark } from './scene'
import { dequeue, enqueue } from './frames'
import { trace, type View } from './trace'

export interface Scene {
  view: View
  width: number
  height: number
  drawings: readonly Drawing[]
  odd: readonly { colour: string; opacity: number; marks: readonly OddMark[] }[]
  marks: readonly { x: number; sign: string }[]
  area: boolean
  surface: string
  ink: string
}

const RAW_OPACITY = 0.25
const BAND_OPACITY = 0.16
const ODD_SIZE = 4

export class Painter {
  private readonly front: CanvasRenderingContext2D
  private work: HTMLCanvasElement
  private shown: { canvas: HTMLCanvasElement; view: View } | null = null
  private scene: Scene | null = null
  private next: Scene | null = null
  private at = 0
  private isBlank = false
  private readonly step = (): { more: boolean; cost: number } => this.advance()

  /** `ratio` is of the screen's pixels to those of the page. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly ratio: number,
    private readonly onDone: () => void = () => undefined,
  ) {
    this.front = canvas.getContext('2d') as CanvasRenderingContext2D
    this.work = document.createElement('canvas')
  }

  /**
   * Draws this scene. One that a reader waits for takes the place of the one under way; else it waits for that: points that
   * arrive quicker than they are drawn must not keep every picture from being finished.
   *
   * For paper a browser repeats what was drawn since a canvas was made anew, on top of what lies below: what clears a
   * canvas would clear that as well.
   */
  show(scene: Scene, isUrgent: boolean, isForPaper = false): void {
    const isNew = this.fit(scene, isForPaper)
    if (this.scene === null || isUrgent || isNew) this.begin(scene)
    else this.next = scene
    this.stretch(scene)
  }

  dispose(): void {
    dequeue(this.step)
    this.scene = this.next = null
  }

  private fit(scene: Scene, isForPaper: boolean): boolean {
    const [width, height] = [Math.round(scene.width * this.ratio), Math.round(scene.height * this.ratio)]
    if (!isForPaper && this.canvas.width === width && this.canvas.height === height) return false
    this.canvas.width = width
    this.canvas.height = height
    this.isBlank = true
    this.shown = null
    return true
  }

  private begin(scene: Scene): void {
    this.scene = scene
    this.next = null
    this.at = 0
    this.work.width = this.canvas.width
    this.work.height = this.canvas.height
    const context = this.context()
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    const { left, top, width, height } = scene.view.rect
    context.beginPath()
    context.rect(left, top - 1, width, height + 2)
    context.clip()
    context.lineJoin = 'round'
    enqueue(this.step)
  }

  private advance(): { more: boolean; cost: number } {
    const { scene } = this
    if (!scene) return { more: false, cost: 0 }
    const drawing = scene.drawings[this.at]
    if (drawing) {
      this.at += 1
      return { more: true, cost: paint(this.context(), drawing, scene) }
    }
    paintMarks(this.context(), scene)
    this.finish(scene)
    return { more: this.scene !== null, cost: 1 }
  }

  private finish(scene: Scene): void {
    const spare = this.shown?.canvas ?? document.createElement('canvas')
    this.shown = { canvas: this.work, view: scene.view }
    this.work = spare
    this.front.setTransform(1, 0, 0, 1, 0, 0)
    if (!this.isBlank) this.front.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.isBlank = false
    this.front.drawImage(this.shown.canvas, 0, 0)
    this.scene = null
    this.onDone()
    if (this.next) this.begin(this.next)
  }

  /** The last whole picture, moved to where it belongs in the new view. */
  private stretch({ view }: Scene): void {
    if (!this.shown || sameView(this.shown.view, view)) return
    const target = placed(this.shown.view, view)
    this.front.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    this.front.clearRect(0, 0, this.canvas.width, this.canvas.height)
    if (!target) return
    const { rect } = this.shown.view
    this.front.save()
    this.front.beginPath()
    this.front.rect(view.rect.left, view.rect.top, view.rect.width, view.rect.height)
    this.front.clip()
    this.front.imageSmoothingEnabled = false
    this.front.drawImage(this.shown.canvas, rect.left * this.ratio, rect.top * this.ratio, rect.width * this.ratio, rect.height * this.ratio, target.left, target.top, target.width, target.height)
    this.front.restore()
  }

  private context(): CanvasRenderingContext2D {
    return this.work.getContext('2d') as CanvasRenderingContext2D
  }
}

/** Where the rectangle of an old view lies in a new one; null when it lies nowhere. */
export function placed(old: View, now: View): Rect | null {
  if (old.x.log !== now.x.log || old.y.log !== now.y.log) return null
  const { left, top, width, height } = now.rect
  const x = (value: number): number => toPixel(now.x, value, left, left + width)
  const y = (value: number): number => toPixel(now.y, value, top + height, top)
  const target = { left: x(old.x.from), top: y(old.y.to), width: x(old.x.to) - x(old.x.from), height: y(old.y.from) - y(old.y.to) }
  return Object.values(target).every(Number.isFinite) && target.width > 0 && target.height > 0 ? target : null
}

export function sameView(a: View, b: View): boolean {
  const same = (one: View['x'], other: View['x']): boolean => one.from === other.from && one.to === other.to && one.log === other.log
  const rect = (['left', 'top', 'width', 'height'] as const).every((side) => a.rect[side] === b.rect[side])
  return same(a.x, b.x) && same(a.y, b.y) && rect
}

/** Draws one line with its band; returns how many points that were. */
function paint(context: CanvasRenderingContext2D, drawing: Drawing, scene: Scene): number {
  let cost = 0
  context.strokeStyle = context.fillStyle = drawing.colour
  if (drawing.low && drawing.high) cost += band(context, trace(drawing.low, scene.view), trace(drawing.high, scene.view), BAND_OPACITY * drawing.opacity)
  if (drawing.raw) {
    context.globalAlpha = RAW_OPACITY * drawing.opacity
    context.lineWidth = 1
    cost += stroke(context, trace(drawing.raw, scene.view))
  }
  const line = trace(drawing.line, scene.view)
  if (scene.area) area(context, line, scene.view.rect.top + scene.view.rect.height)
  context.globalAlpha = drawing.opacity
  context.lineWidth = drawing.width
  context.setLineDash(drawing.dash as number[])
  cost += stroke(context, line)
  context.setLineDash([])
  dots(context, line, drawing.width)
  context.globalAlpha = 1
  return cost + 20
}

// One path of thousands of points costs far more to draw than the same in parts.
const PART = 500

function stroke(context: CanvasRenderingContext2D, line: Float32Array): number {
  let isPen = false
  let inPart = 0
  context.beginPath()
  for (let at = 0; at < line.length; at += 2) {
    const x = line[at] as number
    const y = line[at + 1] as number
    if (Number.isNaN(x)) {
      isPen = false
      continue
    }
    if (isPen) context.lineTo(x, y)
    else context.moveTo(x, y)
    isPen = true
    inPart += 1
    if (inPart === PART) {
      context.stroke()
      context.beginPath()
      context.moveTo(x, y)
      inPart = 0
    }
  }
  context.stroke()
  return line.length / 2
}

/** Points with no neighbour would not be seen as a line. */
function dots(context: CanvasRenderingContext2D, line: Float32Array, width: number): void {
  const isGap = (at: number): boolean => at < 0 || at >= line.length || Number.isNaN(line[at])
  for (let at = 0; at < line.length; at += 2) {
    if (isGap(at) || !isGap(at - 2) || !isGap(at + 2)) continue
    context.beginPath()
    context.arc(line[at] as number, line[at + 1] as number, width + 1, 0, 2 * Math.PI)
    context.fill()
  }
}

/** The runs of pairs between gaps. */
function* runs(line: Float32Array): Generator<Float32Array> {
  let begin = 0
  for (let at = 0; at <= line.length; at += 2) {
    if (at < line.length && !Number.isNaN(line[at])) continue
    if (at > begin) yield line.subarray(begin, at)
    begin = at + 2
  }
}

function area(context: CanvasRenderingContext2D, line: Float32Array, bottom: number): void {
  context.globalAlpha = 0.1
  for (const run of runs(line)) {
    context.beginPath()
    context.moveTo(run[0] as number, bottom)
    for (let at = 0; at < run.length; at += 2) context.lineTo(run[at] as number, run[at + 1] as number)
    context.lineTo(run[run.length - 2] as number, bottom)
    context.fill()
  }
}

function band(context: CanvasRenderingContext2D, low: Float32Array, high: Float32Array, opacity: number): number {
  context.globalAlpha = opacity
  const tops = [...runs(high)]
  // Both ends of a band are numbers at the same places, so that their runs go together.
  let place = 0
  for (const bottom of runs(low)) {
    const top = tops[place++]
    if (!top) break
    context.beginPath()
    for (let at = 0; at < top.length; at += 2) context.lineTo(top[at] as number, top[at + 1] as number)
    for (let at = bottom.length - 2; at >= 0; at -= 2) context.lineTo(bottom[at] as number, bottom[at + 1] as number)
    context.closePath()
    context.fill()
  }
  return low.length / 2
}

function paintMarks(context: CanvasRenderingContext2D, scene: Scene): void {
  const { view } = scene
  const { left, top, width, height } = view.rect
  for (const { colour, opacity, marks } of scene.odd) {
    context.globalAlpha = opacity
    context.strokeStyle = colour
    context.fillStyle = scene.surface
    context.lineWidth = 1.5
    for (const mark of marks) {
      const x = toPixel(view.x, mark.x, left, left + width)
      if (!(x >= left && x <= left + width)) continue
      const level = mark.y === null ? NaN : toPixel(view.y, mark.y, top + height, top)
      const edge = mark.kind === 'down' ? top + height - ODD_SIZE : top + ODD_SIZE
      const y = Number.isFinite(level) ? Math.min(top + height, Math.max(top, level)) : edge
      triangle(context, x, y, mark.kind === 'down' ? -1 : 1)
    }
  }
  context.globalAlpha = 1
  if (scene.marks.length > 0) newRuns(context, scene)
}

function triangle(context: CanvasRenderingContext2D, x: number, y: number, up: 1 | -1): void {
  context.beginPath()
  context.moveTo(x, y - up * ODD_SIZE)
  context.lineTo(x + ODD_SIZE, y + up * ODD_SIZE)
  context.lineTo(x - ODD_SIZE, y + up * ODD_SIZE)
  context.closePath()
  context.fill()
  context.stroke()
}

function newRuns(context: CanvasRenderingContext2D, { view, marks, ink }: Scene): void {
  const { left, top, width, height } = view.rect
  context.strokeStyle = context.fillStyle = ink
  context.lineWidth = 1
  context.setLineDash([4, 4])
  context.font = '12px sans-serif'
  context.textAlign = 'center'
  for (const mark of marks) {
    const x = Math.round(toPixel(view.x, mark.x, left, left + width)) + 0.5
    if (!(x >= left && x <= left + width)) continue
    context.beginPath()
    context.moveTo(x, top)
    context.lineTo(x, top + height)
    context.stroke()
    context.fillText(mark.sign, x, top + 10)
  }
  context.setLineDash([])
}
