/**
 * The directions of the architecture, section 1:
 * contracts <- {catalog, features, retrieval, release, assignment, statistics} <- stores <- the services and cli.
 * test/dependencies.test.ts plants one violation of each rule and expects the check to fail.
 */
const services = ['serving', 'ingest', 'experiments', 'controller', 'console', 'storefront'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'contracts-import-contracts-only',
      severity: 'error',
      from: { path: '^packages/core/src/contracts/' },
      to: { path: '^packages/', pathNot: '^packages/core/src/contracts/' },
    },
    {
      name: 'core-algorithms-not-to-stores',
      severity: 'error',
      from: { path: '^packages/core/src/(catalog|features|retrieval|release|assignment|statistics)/' },
      to: { path: '^packages/core/src/stores/' },
    },
    {
      name: 'core-not-to-services',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: '^packages/', pathNot: '^packages/core/' },
    },
    {
      name: 'service-kit-only-to-core',
      severity: 'error',
      from: { path: '^packages/service/' },
      to: { path: '^packages/', pathNot: '^packages/(core|service)/' },
    },
    ...services.map((service) => ({
      name: `${service}-not-to-other-services`,
      severity: 'error',
      from: { path: `^packages/${service}/` },
      to: { path: '^packages/', pathNot: `^packages/(core|service|${service})/` },
    })),
    {
      name: 'storefront-only-to-contracts',
      severity: 'error',
      from: { path: '^packages/storefront/src/' },
      to: { path: '^packages/core/', pathNot: '^packages/core/src/contracts/' },
    },
    {
      name: 'stages-not-to-stages',
      severity: 'error',
      from: { path: '^packages/serving/src/stages/([^/]+)/' },
      to: { path: '^packages/serving/src/stages/', pathNot: '^packages/serving/src/stages/$1/' },
    },
    {
      name: 'only-pipeline-imports-stages',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/serving/(src/stages/|src/pipeline\\.ts|test/|bench/)' },
      to: { path: '^packages/serving/src/stages/' },
    },
    {
      // 0.2 s of loading, and nothing that a request needs: distributions.ts is the one file that imports it.
      name: 'serving-not-to-distributions',
      severity: 'error',
      from: { path: '^packages/serving/src/' },
      to: { path: 'node_modules/@stdlib/', reachable: true },
    },
    {
      name: 'sources-not-to-tests',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^packages/[^/]+/(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    externalModuleResolutionStrategy: 'node_modules',
  },
};
