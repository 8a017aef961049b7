// A chart as an image. Loaded when somebody asks for one: pages paint lines themselves.
import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers'
import type { lineOption } from './lineOption'

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, CanvasRenderer, SVGRenderer])

type Option = ReturnType<typeof lineOption>

export function toSvg(option: Option, width: number, height: number, background: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ ...option, backgroundColor: background })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/** Twice as sharp as the page, so that it stands printing. */
export function toPng(option: Option, width: number, height: number, background: string): Promise<Blob | null> {
  const chart = init(document.createElement('canvas'), null, { renderer: 'canvas', width, height })
  chart.setOption({ ...option, backgroundColor: background })
  const image = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: background })
  return new Promise((resolve) =>
    image.toBlob((blob) => {
      chart.dispose()
      resolve(blob)
    }),
  )
}
