// The places of the sidebar and of the phone's bottom bar.
import {
  ApiOutlined,
  CloudServerOutlined,
  DiffOutlined,
  ExperimentOutlined,
  FolderOutlined,
  HomeOutlined,
  InboxOutlined,
  RadarChartOutlined,
  SafetyOutlined,
  SettingOutlined,
  UnorderedListOutlined,
} from '@ant-design/icons-vue'
import type { Component } from 'vue'
import type { RouteLocationRaw } from 'vue-router'

export interface Place {
  name: 'home' | 'batches' | 'jobs' | 'projects' | 'compare' | 'studies' | 'hosts' | 'agents' | 'inbox' | 'settings' | 'admin'
  icon: Component
  to: RouteLocationRaw
  /** Route names for which the place counts as the present one. */
  within: readonly string[]
  group: 'main' | 'own'
  onPhone: boolean
  /** Only administrators see it. */
  forAdmins?: boolean
}

export const PLACES: readonly Place[] = [
  { name: 'home', icon: HomeOutlined, to: { name: 'home' }, within: ['home'], group: 'main', onPhone: true },
  { name: 'batches', icon: ExperimentOutlined, to: { name: 'batches' }, within: ['batches', 'batch', 'job'], group: 'main', onPhone: true },
  { name: 'jobs', icon: UnorderedListOutlined, to: { name: 'jobs' }, within: ['jobs'], group: 'main', onPhone: false },
  { name: 'projects', icon: FolderOutlined, to: { name: 'projects' }, within: ['projects', 'project'], group: 'main', onPhone: true },
  { name: 'compare', icon: DiffOutlined, to: { name: 'compare' }, within: ['compare'], group: 'main', onPhone: false },
  { name: 'studies', icon: RadarChartOutlined, to: { name: 'studies' }, within: ['studies', 'study'], group: 'main', onPhone: false },
  { name: 'hosts', icon: CloudServerOutlined, to: { name: 'hosts' }, within: ['hosts', 'host'], group: 'main', onPhone: true },
  { name: 'agents', icon: ApiOutlined, to: { name: 'agents' }, within: ['agents'], group: 'main', onPhone: false },
  { name: 'inbox', icon: InboxOutlined, to: { name: 'inbox' }, within: ['inbox'], group: 'own', onPhone: true },
  { name: 'settings', icon: SettingOutlined, to: { name: 'settings', params: { section: 'profile' } }, within: ['settings'], group: 'own', onPhone: false },
  { name: 'admin', icon: SafetyOutlined, to: { name: 'admin', params: { section: 'users' } }, within: ['admin'], group: 'own', onPhone: false, forAdmins: true },
]

/** The places of a group that a person sees. */
export function placesOf(group: Place['group'], isAdmin: boolean): Place[] {
  return PLACES.filter((place) => place.group === group && (!place.forAdmins || isAdmin))
}
