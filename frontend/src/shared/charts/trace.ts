// A curve as pixels: no more points than a line on the screen can show, every extreme kept.
import { lowerBound, type Columns } from './columns'
import { mapping, type Domain, type Rect } from './scale'

export interface View {
  x: Domain
  y: Domain
  rect: Rect
}

/**
 * Pairs of pixels; a pair of NaN is a gap. Of the points in one column of pixels the first, the lowest, the highest and the
 * last stay, in their order, which draws the same line (M4: Jugel et al., VLDB 2014, doi:10.14778/2732951.2732953).
 * One point beyond each end stays too, so that lines leave the picture where they should. On a logarithmic axis what is
 * not above zero is a gap.
 */
export function trace({ x, y }: Columns, view: View): Float32Array {
  const { rect } = view
  const across = mapping(view.x, rect.left, rect.left + rect.width)
  const up = mapping(view.y, rect.top + rect.height, rect.top)
  const begin = Math.max(0, lowerBound(x, view.x.from) - 1)
  let end = lowerBound(x, view.x.to)
  while (end < x.length && x[end] === view.x.to) end += 1
  end = Math.min(x.length, end + 1)
  const writer = new Writer(Math.min(end - begin, 4 * (Math.ceil(rect.width) + 2)) + 2)
  let column = NaN
  for (let at = begin; at < end; at += 1) {
    const place = across.factor * (view.x.log ? Math.log10(x[at] as number) : (x[at] as number)) + across.offset
    const value = y[at] as number
    const height = up.factor * (view.y.log ? Math.log10(value) : value) + up.offset
    if (!Number.isFinite(height) || !Number.isFinite(place)) {
      writer.flush()
      writer.gap()
      column = NaN
      continue
    }
    const own = Math.floor(place)
    if (own !== column) writer.flush()
    column = own
    writer.take(place, height)
  }
  writer.flush()
  return writer.done()
}

/** Gathers the points of one column of pixels. */
class Writer {
  private out: Float32Array
  private size = 0
  private count = 0
  private firstX = 0
  private firstY = 0
  private lastX = 0
  private lastY = 0
  private low = 0
  private high = 0
  private lowFirst = true

  constructor(points: number) {
    this.out = new Float32Array(2 * points)
  }

  take(x: number, y: number): void {
    if (this.count === 0) {
      this.firstX = x
      this.firstY = this.low = this.high = y
    } else if (y < this.low) {
      this.low = y
      this.lowFirst = false
    } else if (y > this.high) {
      this.high = y
      this.lowFirst = true
    }
    this.lastX = x
    this.lastY = y
    this.count += 1
  }

  flush(): void {
    if (this.count > 0) this.push(this.firstX, this.firstY)
    if (this.count > 3) {
      // Which of the two came later does not show within one pixel; the later of them stands last.
      const [one, other] = this.lowFirst ? [this.low, this.high] : [this.high, this.low]
      const middle = (this.firstX + this.lastX) / 2
      if (one !== this.firstY) this.push(middle, one)
      if (other !== this.lastY && other !== this.firstY) this.push(middle, other)
    } else if (this.count === 3) {
      const middle = this.low === this.firstY || this.low === this.lastY ? this.high : this.low
      this.push((this.firstX + this.lastX) / 2, middle)
    }
    if (this.count > 1) this.push(this.lastX, this.lastY)
    this.count = 0
  }

  gap(): void {
    if (this.size > 0 && !Number.isNaN(this.out[this.size - 1])) this.push(NaN, NaN)
  }

  done(): Float32Array {
    return this.out.subarray(0, this.size)
  }

  private push(x: number, y: number): void {
    if (this.size + 2 > this.out.length) {
      const wider = new Float32Array(2 * this.out.length + 4)
      wider.set(this.out)
      this.out = wider
    }
    this.out[this.size] = x
    this.out[this.size + 1] = y
    this.size += 2
  }
}
