/**
 * From the start of a pod's process until it is ready, with every server that it needs: an embedded PostgreSQL and a Valkey
 * of their own, the pod alone on core 0.
 *
 *   make bench SUITE=start [ARGS='--items 1000000 --index ivf --repeats 5']
 *
 * `start.<items>.ready`: seconds; `start.<items>.cpu`: CPU seconds of the pod until then; `start.<items>.rss`. The files of the
 * release are mostly in memory from the second repeat on, unless the machine gives its file cache away.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IndexKind } from '@shortlist/core/retrieval/vector-index.ts';
import { goFirst } from '../../core/bench/go-first.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import { benchRelease, placeRelease } from '../../serving/bench/http/bench-release.ts';
import { PodProcess } from '../../serving/bench/http/pod-process.ts';
import { readEnvironment } from '../src/environment.ts';
import { openDatabase } from '../src/workspace/database.ts';
import { openRedis } from '../src/workspace/redis.ts';

const DATASET = 'bench';
const ITEMS = Number(option('items', '1000000'));
const REPEATS = Number(option('repeats', '5'));
const POD_CORE = 0;
const OTHERS_CORE = 1;

goFirst();
spawnSync('taskset', ['-cp', String(OTHERS_CORE), String(process.pid)]);
const release = await benchRelease(ITEMS, option('index', 'ivf') as IndexKind);
const home = mkdtempSync(join(tmpdir(), 'shortlist-start-'));
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const environment = readEnvironment({ ...process.env, SHORTLIST_HOME: home });
const database = await openDatabase(environment, DATASET);
const redis = await openRedis(environment, DATASET);
try {
  await placeRelease(release, { home, dataset: DATASET }, {});
  const figures = { ready: [] as number[], cpu: [] as number[], rss: [] as number[] };
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const pod = await PodProcess.start({
      core: POD_CORE,
      logFile: join(home, 'pod.log'),
      variables: {
        SHORTLIST_HOME: home,
        SHORTLIST_DATASET: DATASET,
        SHORTLIST_HTTP_HOST: '127.0.0.1',
        SHORTLIST_RECORDS_SPOOL: join(home, 'spool'),
        // No ingest service runs, so nothing would come over the stream.
        SHORTLIST_LIVE_LAG_MAX_MS: '86400000',
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
      },
    });
    figures.ready.push(pod.startMs / 1000);
    figures.cpu.push(pod.cpuUs() / 1e6);
    figures.rss.push(pod.rssBytes());
    await pod.stop();
  }
  report([
    summarised(`start.${ITEMS}.ready`, 's', figures.ready),
    summarised(`start.${ITEMS}.cpu`, 's', figures.cpu),
    summarised(`start.${ITEMS}.rss`, 'bytes', figures.rss),
  ]);
} finally {
  await redis.close();
  await database.close();
  rmSync(home, { recursive: true, force: true });
}
