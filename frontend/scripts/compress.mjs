// After a build: writes the page and each file of dist/assets that shrinks as .br and .gz beside it, so that no server has to.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const SMALLEST = 1024
const dist = process.env.ARGUS_WEB_ROOT ?? fileURLToPath(new URL('../dist', import.meta.url))
const assets = readdirSync(join(dist, 'assets')).filter((file) => /\.(js|css|svg|json)$/.test(file))

for (const name of ['index.html', ...assets.map((file) => join('assets', file))]) {
  const plain = readFileSync(join(dist, name))
  if (plain.length < SMALLEST) continue
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length }
  writeFileSync(join(dist, `${name}.br`), brotliCompressSync(plain, { params }))
  writeFileSync(join(dist, `${name}.gz`), gzipSync(plain, { level: 9 }))
}
