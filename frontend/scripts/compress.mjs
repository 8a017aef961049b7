// After a build: writes each file of dist/assets that shrinks as .br and .gz beside it, so that no server has to.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const SMALLEST = 1024
const assets = fileURLToPath(new URL('../dist/assets', import.meta.url))

for (const name of readdirSync(assets).filter((file) => /\.(js|css|svg|json)$/.test(file))) {
  const plain = readFileSync(join(assets, name))
  if (plain.length < SMALLEST) continue
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length }
  writeFileSync(join(assets, `${name}.br`), brotliCompressSync(plain, { params }))
  writeFileSync(join(assets, `${name}.gz`), gzipSync(plain, { level: 9 }))
}
