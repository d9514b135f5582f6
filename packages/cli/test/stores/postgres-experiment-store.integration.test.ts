import { afterAll, beforeAll } from 'vitest';
import { PostgresExperimentStore } from '@shortlist/core/stores/postgres/experiment-store.ts';
import { testExperimentStore } from '../../../core/test/stores/contract-experiments.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';

// The suite is core's; it runs here because the embedded server belongs to the command line.
const workspace = temporaryWorkspace();
let database: Database;
beforeAll(async () => {
  database = await openDatabase(workspace.environment, 'contract');
});
afterAll(async () => {
  await database.close();
  await workspace.remove();
});

testExperimentStore('PostgreSQL', async () => {
  await database.pool.query(
    `TRUNCATE experiments, experiment_versions, experiment_decisions, experiment_metrics, experiment_log,
       assignment_snapshots, experiment_announcements;
     DELETE FROM experiment_layers WHERE name <> 'default'`,
  );
  return new PostgresExperimentStore(database.pool);
});
