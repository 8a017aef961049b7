// One metric of a batch as lines: each job's, or the bands of groups with the pinned jobs above them. Read when it is seen,
// then moved by the stream.
import { computed, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { bandLine, metricValue, useSeriesStore, type BandKind, type Job, type Kind } from '@/features/runs'
import { coloursOf, columnsOf, lastNumber, stylesOf, type ChartLook, type LegendChoice, type LegendRow, type LineSeries, type XAxis } from '@/shared/charts'
import { useResource } from '@/shared/composables/useResource'
import { themeName } from '@/shared/theme'
import { useBands } from './useBands'

/** More jobs than these are shown as a band. */
export const MOST_CURVES = 100

export interface LinesWish {
  batchId: string
  jobs: readonly Job[]
  metric: string
  look: ChartLook
  /** Each job for itself where empty; else as the server splits. */
  by: string
  bandKind: BandKind
  choice: LegendChoice
}

/** Model and data set, where no other job of the batch has the same; else the job's id. */
export function namesOf(jobs: readonly Job[]): Map<string, string> {
  const names = new Map(jobs.map((job) => [job.id, [job.model, job.dataset].filter(Boolean).join(' · ')]))
  const counts = new Map<string, number>()
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map([...names].map(([id, name]) => [id, name !== '' && counts.get(name) === 1 ? name : id]))
}

export function useBatchLines(wish: MaybeRefOrGetter<LinesWish>, part: Readonly<Ref<readonly [number, number] | null>>, near: Readonly<Ref<boolean>>) {
  const store = useSeriesStore()
  const given = (): LinesWish => toValue(wish)
  const isGrouped = computed(() => given().by !== '')
  // Over the time of day, and over metrics, members of a group have no common place.
  const axis = computed<XAxis>(() => (isGrouped.value && given().look.x !== 'relative' ? 'step' : given().look.x))
  const byStart = computed(() => [...given().jobs].sort((a, b) => (b.start_time ?? '').localeCompare(a.start_time ?? '')))
  const byId = computed(() => new Map(given().jobs.map((job) => [job.id, job])))
  const drawnJobs = computed(() => (isGrouped.value ? given().choice.pinned.flatMap((id) => byId.value.get(id) ?? []) : byStart.value.slice(0, MOST_CURVES)))
  const version = computed(() => given().jobs.reduce((sum, job) => sum + store.version(given().batchId, job.id), 0))

  const each = useResource(() => store.loadBatch(given().batchId, given().metric), {
    key: () => JSON.stringify([given().batchId, given().metric]),
    enabled: () => near.value && !isGrouped.value && given().metric !== '',
  })
  const bands = useBands(
    () => ({ batchId: given().batchId, by: near.value ? given().by : '', metric: given().metric, part: axis.value === 'step' ? part.value : null }),
    version,
  )
  watch(
    () => (isGrouped.value && near.value ? drawnJobs.value.map(({ id }) => id).filter((id) => !store.get(given().batchId, id)?.names().includes(given().metric)) : []),
    (missing) => missing.length > 0 && void store.loadJobs(given().batchId, missing, given().metric),
    { immediate: true },
  )

  const names = computed(() => namesOf(given().jobs))
  const jobStyles = computed(() => stylesOf(given().jobs.map((job) => job.id), themeName.value))
  // Groups are few and only here: neighbours differ.
  const groupColours = computed(() => coloursOf(bands.groups.value.map(({ id }) => id), themeName.value))
  const bandLines = computed(() =>
    bands.groups.value.flatMap((group): LineSeries[] => {
      const [band] = group.series
      if (!band) return []
      return [{ id: group.id, name: group.label || given().batchId, colour: groupColours.value.get(group.id) ?? '', ...bandLine(band, given().bandKind, axis.value === 'relative' ? 'relative' : 'step') }]
    }),
  )
  const jobLines = computed(() => {
    void version.value
    return drawnJobs.value.flatMap((job): LineSeries[] => {
      const series = store.get(given().batchId, job.id)
      const points = series?.columns(given().metric, undefined, axis.value)
      if (!points?.y.some(Number.isFinite)) return []
      return [{ id: job.id, name: names.value.get(job.id) ?? job.id, points, ...(jobStyles.value.get(job.id) ?? { colour: '' }) }]
    })
  })
  const series = computed(() => [...bandLines.value, ...jobLines.value])

  /** All jobs, drawn or not: pinning one draws it. */
  const rows = computed<LegendRow[]>(() => {
    const groups = bandLines.value.map((line) => ({ ...line, value: lastNumber(columnsOf(line.points)) }))
    const drawn = new Map(jobLines.value.map((line) => [line.id, lastNumber(columnsOf(line.points))]))
    const jobs = (isGrouped.value ? byStart.value : drawnJobs.value).map((job) => ({
      id: job.id,
      name: names.value.get(job.id) ?? job.id,
      value: drawn.get(job.id) ?? toldOf(job, given().metric),
      ...(jobStyles.value.get(job.id) ?? { colour: '' }),
    }))
    return [...groups, ...jobs]
  })

  const kind = computed<Kind>(() => {
    const [band] = bands.groups.value.flatMap((group) => group.series)
    if (band) return band.kind
    const kinds = jobLines.value.map((line) => store.get(given().batchId, line.id)?.kindOf(given().metric))
    return kinds.length > 0 && kinds.every((one) => one === 'step') ? 'step' : 'epoch'
  })

  /** Where each job began anew, in seconds since 1970 and as a place on the axis. */
  const resumes = computed(() =>
    jobLines.value.flatMap(({ id: jobId, name }) => {
      const known = store.get(given().batchId, jobId)
      return (known?.resumePlaces(known.kindOf(given().metric), axis.value) ?? []).map((place) => ({ ...place, jobId, name }))
    }),
  )

  const refine = (from: number, to: number): Promise<void> =>
    store.refineJobs(given().batchId, drawnJobs.value.map(({ id }) => id), given().metric, kind.value, from, to, axis.value)
  // A link leads to a part of the curves.
  watch(each.loading, (now) => !now && part.value && void refine(...part.value))

  return {
    series,
    rows,
    resumes,
    kind,
    axis,
    error: computed(() => (isGrouped.value ? bands.error.value : each.error.value)),
    loading: computed(() => given().metric !== '' && (isGrouped.value ? bands.loading.value : each.loading.value)),
    refresh: () => (isGrouped.value ? bands.refresh() : each.refresh()),
    refine,
  }
}

/** Its newest value, or that of its end. */
function toldOf(job: Job, metric: string): number | null {
  const latest = job.latest?.[metric]
  return typeof latest === 'number' ? latest : metricValue(job, metric)
}
