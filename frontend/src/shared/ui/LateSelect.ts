// Ant Design's Select is large, and no page is read for what can be chosen on it.
import type { Select } from 'ant-design-vue'
import { h } from 'vue'
import { late } from './late'

const HEIGHT_PX = { small: 24, middle: 32 }

export const LateSelect = late<typeof Select>(
  async () => (await import('ant-design-vue/es/select')).default as typeof Select,
  ({ class: name, size }) => h('span', { class: ['late-select', name], style: { height: `${size === 'small' ? HEIGHT_PX.small : HEIGHT_PX.middle}px` }, 'aria-hidden': 'true' }),
)
