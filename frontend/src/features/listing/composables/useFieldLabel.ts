// What a field of the language is called for people; settings and metrics keep their names.
import { useI18n } from 'vue-i18n'

export function useFieldLabel(): (name: string) => string {
  const { t, te } = useI18n()
  return (name) => {
    if (te(`listing.fields.${name}`)) return t(`listing.fields.${name}`)
    return name.replace(/^(metrics|config)\./, '').replace(/"/g, '')
  }
}
