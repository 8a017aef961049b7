// Flat ESLint configuration. The restricted globals hold the rule that components never talk to the network,
// the clock or the disk themselves: that is the work of src/api and src/shared/composables.
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

const doors = ['fetch', 'EventSource', 'XMLHttpRequest', 'localStorage', 'sessionStorage', 'setInterval']

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.gen.ts'] },
  ...tseslint.configs.strict,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser, sourceType: 'module' } },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    rules: {
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@/features/*/*'], message: 'Features meet only through their index.ts.' },
            { group: ['ant-design-vue/*', '!ant-design-vue/es'], message: 'Import from ant-design-vue.' },
          ],
        },
      ],
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/no-v-html': 'error',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/attributes-order': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/html-closing-bracket-newline': 'off',
    },
  },
  {
    files: ['src/features/**/*.{ts,vue}', 'src/app/**/*.{ts,vue}', 'src/shared/ui/**/*.vue', 'src/shared/charts/**/*.{ts,vue}'],
    rules: { 'no-restricted-globals': ['error', ...doors] },
  },
  { files: ['src/features/**/*.test.ts'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['scripts/**'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } } },
)
