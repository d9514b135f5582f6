import { readFileSync } from 'node:fs';
import { createLogger } from '@shortlist/service/observe/logger.ts';
import { openTracing } from '@shortlist/service/observe/tracing.ts';
import { configOrExit, runService } from '@shortlist/service/run-service.ts';
import { createAnalysis } from './analysis/create-analysis.ts';
import { CONFIG_PROGRAM } from './config.ts';
import { createExperimentsServer } from './experiments-server.ts';
import { openExperiments } from './open-experiments.ts';

/** uWebSockets.js reads this when it is loaded; its own 4 KiB refuse a browser with a few cookies. node has 16 KiB. */
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(16 * 1024);

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const config = configOrExit(CONFIG_PROGRAM, process.env);
const logger = createLogger({
  level: config.logLevel,
  base: { service: 'shortlist-experiments', dataset: config.dataset, pid: process.pid },
});
const { log } = logger;
const tracing = await openTracing(config, { service: 'shortlist-experiments', version }, (error) =>
  logger.log.warn({ err: error }, 'traces were not sent'),
);
const server = await createExperimentsServer(config, log, version, tracing);
await runService({
  logger,
  ports: server,
  tracing,
  open: () => openExperiments({ config, log, version, createAnalysis, tracing, ...server.observing }),
  serve(opened) {
    server.serve(opened);
    return { analysis_every_s: config.analysisEveryS };
  },
});
