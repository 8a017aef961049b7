// What a reader pastes to see a first run: their own server, and their own token once there is one.

export const TOKEN_PLACE = '<token>'

export function shellSnippet(url: string, token: string): string {
  return `pip install argus-reporter\nexport ARGUS_URL=${url} ARGUS_TOKEN=${token}`
}

/** Makes a machine's agent known to the server, and starts it. The place of a token is in quotes: a shell reads < and > itself. */
export function agentSnippet(url: string, token: string | null): string {
  return ["pip install 'argus-reporter[agent]'", `argus-agent register --url ${url} --token ${token ?? `'${TOKEN_PLACE}'`}`, 'argus-agent run'].join('\n')
}

export function pythonSnippet(project = 'demo'): string {
  return [
    'from argus import Reporter',
    '',
    `with Reporter("first-steps", source_project=${JSON.stringify(project)}, n_total=1) as run:`,
    '    with run.job("job-1", model="mlp", dataset="digits") as job:',
    '        for epoch in range(1, 21):',
    '            job.epoch(epoch, train_loss=1 / epoch, val_loss=1.2 / epoch)',
  ].join('\n')
}

/** Reads by hand what a token that only reads may see. */
export function readSnippet(url: string, token: string): string {
  return `curl -H "Authorization: Bearer ${token}" ${url}/api/batches`
}
