import { readFileSync } from 'node:fs';
import { createLogger } from '@shortlist/service/observe/logger.ts';
import { configOrExit, runService } from '@shortlist/service/run-service.ts';
import { CONFIG_PROGRAM } from './config.ts';
import { createControllerServer } from './controller-server.ts';
import { openController } from './open-controller.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const config = configOrExit(CONFIG_PROGRAM, process.env);
const logger = createLogger({
  level: config.logLevel,
  base: { service: 'shortlist-controller', dataset: config.dataset, pid: process.pid },
});
const { log } = logger;
const server = await createControllerServer(config, log, version);
await runService({
  logger,
  ports: server,
  open: () => Promise.resolve(openController(config, { log, version, observer: server.metrics.runner })),
  serve(opened) {
    server.serve(opened);
    return { identity: opened.identity, namespace: config.namespace };
  },
});
