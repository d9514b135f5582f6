import { readFileSync } from 'node:fs';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readConfig, type Config } from './config.ts';
import { createLogger } from './observe/logger.ts';
import { openPod } from './open-pod.ts';
import { runPod } from './pod.ts';

/** uWebSockets.js reads this when it is loaded; its own 4 KiB refuse a browser with a few cookies. node has 16 KiB. */
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(16 * 1024);

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** A configuration that is wrong ends the process before there is a logger: one line on stderr and exit code 2. */
function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ShortlistError)) throw error;
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    process.exit(2);
  }
}

const config = configOrExit();
const logger = createLogger({
  level: config.logLevel,
  base: { service: 'shortlist-serving', dataset: config.dataset, pid: process.pid },
});
await runPod({ config, logger, version, open: openPod });
