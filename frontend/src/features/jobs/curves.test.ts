import { describe, expect, it } from 'vitest'
import { prefixOf, sectionsByPrefix } from './curves'

describe('metrics by prefix', () => {
  it.each([
    ['train/loss', 'train'],
    ['train_loss', 'train'],
    ['Val.acc', 'val'],
    ['optim/lr/group0', 'optim'],
    ['validity', ''],
    ['trainable', ''],
    ['lr', ''],
    ['/odd', ''],
  ])('%s belongs to "%s"', (name, prefix) => expect(prefixOf(name)).toBe(prefix))

  it('stand training first, then validation, then others by name, and the rest last', () => {
    expect(sectionsByPrefix(['lr', 'val_loss', 'optim/norm', 'train_loss', 'train/acc', 'grad/norm', 'val_acc'])).toEqual([
      { prefix: 'train', names: ['train_loss', 'train/acc'].sort((a, b) => a.localeCompare(b)) },
      { prefix: 'val', names: ['val_acc', 'val_loss'] },
      { prefix: 'grad', names: ['grad/norm'] },
      { prefix: 'optim', names: ['optim/norm'] },
      { prefix: '', names: ['lr'] },
    ])
  })
})
