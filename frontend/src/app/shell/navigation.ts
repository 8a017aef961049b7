// The places of the sidebar and of the phone's bottom bar.
import {
  CloudServerOutlined,
  ExperimentOutlined,
  FolderOutlined,
  HomeOutlined,
  InboxOutlined,
  SettingOutlined,
} from '@ant-design/icons-vue'
import type { Component } from 'vue'

export interface Place {
  name: 'home' | 'batches' | 'projects' | 'hosts' | 'inbox' | 'settings'
  icon: Component
  /** Route names for which the place counts as the present one. */
  within: readonly string[]
  group: 'main' | 'own'
  onPhone: boolean
}

export const PLACES: readonly Place[] = [
  { name: 'home', icon: HomeOutlined, within: ['home'], group: 'main', onPhone: true },
  { name: 'batches', icon: ExperimentOutlined, within: ['batches', 'batch', 'job'], group: 'main', onPhone: true },
  { name: 'projects', icon: FolderOutlined, within: ['projects', 'project'], group: 'main', onPhone: true },
  { name: 'hosts', icon: CloudServerOutlined, within: ['hosts', 'host'], group: 'main', onPhone: true },
  { name: 'inbox', icon: InboxOutlined, within: ['inbox'], group: 'own', onPhone: true },
  { name: 'settings', icon: SettingOutlined, within: ['settings'], group: 'own', onPhone: false },
]
