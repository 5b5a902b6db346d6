import { describe, expect, test } from '@jest/globals'
import { judge, scoreOf, thresholds } from '../../scripts/mutation/score.js'
import { files, textOf } from '../setup/tree.js'

interface Score {
  readonly noticed: number
  readonly all: number
}

const mutants = (...statuses: string[]) => ({ mutants: statuses.map((status) => ({ status })) })

describe('the score of mutation tests', () => {
  test('counts changes that a test noticed or that ran too long, of all that could be noticed', () => {
    const report = {
      files: {
        'a.ts': mutants('Killed', 'Survived', 'CompileError', 'Ignored'),
        'b.ts': mutants('Timeout', 'NoCoverage'),
      },
    }
    expect(scoreOf(report)).toEqual({ noticed: 2, all: 4 })
  })

  test('fails a folder below its threshold, and only prints that of a folder without one', () => {
    const { lines, isBelow } = judge([
      { folder: 'seal', noticed: 85, all: 100 },
      { folder: 'base', noticed: 1, all: 3 },
    ])
    expect(lines).toEqual([
      'seal              85.0 %  85 of 100  (at least 85 %)',
      'base              33.3 %  1 of 3  (no threshold)',
    ])
    expect(isBelow).toBe(false)
    const below = judge([{ folder: 'session', noticed: 849, all: 1000 }])
    expect(below).toEqual({ lines: ['session           84.9 %  849 of 1000  (at least 85 %)  BELOW'], isBelow: true })
  })

  test('is committed for each folder with a threshold, and not below it', () => {
    const scores = Object.entries(JSON.parse(textOf('scripts/mutation/scores.json')) as Record<string, Score>)
    expect(judge(scores.map(([folder, score]) => ({ folder, ...score })))).toMatchObject({ isBelow: false })
    expect(scores.map(([folder]) => folder)).toEqual(expect.arrayContaining(Object.keys(thresholds)))
  })

  test('has a threshold where the promises of security rest, for folders that exist', () => {
    expect(Object.keys(thresholds)).toEqual(['seal', 'session', 'http', 'policy', 'resource-server'])
    const folders = new Set(files('lib').map((path) => path.split('/')[1]))
    expect(Object.keys(thresholds).filter((folder) => !folders.has(folder))).toEqual([])
  })
})
