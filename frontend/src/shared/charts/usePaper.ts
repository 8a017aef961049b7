// Charts on paper: drawn anew as wide as a page is, in the colours of paper, before the picture for it is taken. Whatever
// waits for a frame comes too late, and a chart that is as wide as the window would be cut off.
import { computed, nextTick, watch, type Ref } from 'vue'
import { isPrinting } from '@/shared/theme'

interface Drawing {
  resize: (options: { width: number | 'auto' }) => void
  getZr: () => { flush: () => void }
}

// A4 and Letter less their margins, at 96 pixels an inch.
const PAPER_WIDTH = 680

export const onPaper = (width: number): number => Math.min(width, PAPER_WIDTH)

/** The size in which lines are drawn: that of their place, or that of a page. */
export const usePaperSize = (size: Readonly<Ref<{ width: number; height: number }>>) =>
  computed(() => (isPrinting.value ? { ...size.value, width: onPaper(size.value.width) } : size.value))

/** Keeps a drawing of ECharts as wide as a page while that is printed. `width`: of its place in the window. */
export function usePaper(drawing: Readonly<Ref<Drawing | null | undefined>>, width: () => number): void {
  watch(
    [isPrinting, drawing],
    async ([on, chart], [before]) => {
      if (!chart || (!on && !before)) return
      // One that came for the paper takes its size a moment after it is there.
      await nextTick()
      await nextTick()
      chart.resize({ width: on ? onPaper(width()) : 'auto' })
      chart.getZr().flush()
    },
    { flush: 'post' },
  )
}

/** How a drawing of ECharts follows its option: with the next frame, but at once for paper. */
export const useUpdateOptions = (more: Readonly<Record<string, unknown>> = {}) => computed(() => ({ ...more, lazyUpdate: !isPrinting.value }))
