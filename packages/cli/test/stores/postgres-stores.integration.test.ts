import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { testStoresContract } from '../../../core/test/stores/contract.ts';
import { openDatabase } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';

// The suite is core's; it runs here because the embedded server belongs to the command line.
testStoresContract('PostgreSQL', async () => {
  const workspace = temporaryWorkspace();
  // Four lanes and two more: a stream that kept one would soon leave none.
  const database = await openDatabase(workspace.environment, 'contract', { connectionsMax: 6 });
  const stores = postgresStores(database.pool);
  return {
    async fresh() {
      await stores.clear();
      return stores;
    },
    async stop() {
      await database.close();
      await workspace.remove();
    },
  };
});
