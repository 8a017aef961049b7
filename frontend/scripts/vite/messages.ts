// Compiles the messages of src/shared/i18n while the app is built, so that no browser has to load a compiler for them.
import { baseCompile } from '@intlify/message-compiler'
import type { Plugin } from 'vite'

type Messages = { [key: string]: string | Messages }

const SOURCE = /\/src\/shared\/i18n\/(en|zh)\/(?!index\.ts)\w+\.ts$/

/** One message as a JavaScript expression: what stands as it is written stays text, what asks for values is a function. */
export function compileMessage(text: string): string {
  if (!/[{|@]/.test(text)) return JSON.stringify(text)
  const { code } = baseCompile(text, {
    mode: 'arrow',
    onError: (error) => {
      throw error
    },
  })
  // The compiler names each helper anew; the last argument of a minifier is not needed for these.
  return code.replace(/^\(ctx\) => \{const \{ ([^}]*) \} = ctx;return ([\s\S]*)\}$/, (_, names: string, body: string) => `({ ${names} }) => ${body}`)
}

export function compileTree(tree: Messages): string {
  const members = Object.entries(tree).map(([key, value]) => `${JSON.stringify(key)}: ${typeof value === 'string' ? compileMessage(value) : compileTree(value)}`)
  return `{ ${members.join(', ')} }`
}

/** In development and in tests the messages stay as they are written, and are compiled when they are used. */
export function compiledMessages(): Plugin {
  let isBuild = false
  return {
    name: 'argus-messages',
    enforce: 'pre',
    config: (_, { command }) => {
      isBuild = command === 'build'
      return {
        define: {
          __MESSAGES_ARE_COMPILED__: String(isBuild),
          ...(isBuild && { __INTLIFY_DROP_MESSAGE_COMPILER__: 'true', __INTLIFY_PROD_DEVTOOLS__: 'false', __VUE_I18N_LEGACY_API__: 'false' }),
        },
      }
    },
    async transform(source, id) {
      if (!isBuild || !SOURCE.test(id)) return null
      const { default: tree } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: Messages }
      return { code: `export default ${compileTree(tree)}\n`, map: null }
    },
  }
}
