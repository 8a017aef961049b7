// The parts of ECharts that every page with a chart needs: its axes. Lines are painted by painter.ts; exports.ts adds the rest.
import { GridComponent } from 'echarts/components'
import { use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([GridComponent, CanvasRenderer])
