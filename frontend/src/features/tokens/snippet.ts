// What a reader pastes to see a first run: their own server, and their own token once there is one.

export const TOKEN_PLACE = '<token>'

export function shellSnippet(url: string, token: string): string {
  return `pip install argus-reporter\nexport ARGUS_URL=${url} ARGUS_TOKEN=${token}`
}

export function pythonSnippet(): string {
  return [
    'import argus',
    '',
    'with argus.Reporter(project="first-steps") as run, run.job("job-1", model="mlp", dataset="digits") as job:',
    '    for epoch in range(20):',
    '        job.epoch(epoch, train_loss=1 / (epoch + 1), val_loss=1.2 / (epoch + 1))',
  ].join('\n')
}
