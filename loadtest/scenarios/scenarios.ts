import { failover } from './failover.ts';
import { load } from './load.ts';
import { reload } from './reload.ts';
import type { Scenario } from './scenario.ts';
import { smoke } from './smoke.ts';
import { soak } from './soak.ts';
import { spike } from './spike.ts';
import { stress } from './stress.ts';

export const SCENARIOS: readonly Scenario[] = [smoke, load, stress, spike, soak, failover, reload];

/** Undefined for an unknown name. */
export const scenarioOf = (name: string): Scenario | undefined => SCENARIOS.find((scenario) => scenario.name === name);
