// One line "ok NAME" or "FAILED NAME" for each test, which ../run counts, and what went wrong for people.
import { inspect } from 'node:util';

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // Not the files themselves, nor what only groups tests.
    if (data.details?.type === 'suite' || data.name.endsWith('.test.js')) {
      if (type === 'test:fail' && data.details?.error?.failureType === 'testCodeFailure') {
        yield `FAILED Node.js ${data.name.split('/').at(-1)}\n${explain(data)}`;
      }
      continue;
    }
    if (data.skip !== undefined || data.todo !== undefined) {
      yield `skipped Node.js ${data.name}\n`;
    } else if (type === 'test:pass') {
      yield `ok Node.js ${data.name}\n`;
    } else {
      yield `FAILED Node.js ${data.name}\n${explain(data)}`;
    }
  }
}

function explain(data) {
  const error = data.details?.error?.cause ?? data.details?.error;
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  return `${text
    .split('\n')
    .slice(0, 25)
    .map((line) => `           | ${line}`)
    .join('\n')}\n`;
}
