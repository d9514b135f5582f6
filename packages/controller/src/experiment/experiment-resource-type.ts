import { RESOURCE_GROUP, RESOURCE_VERSION } from '@shortlist/core/contracts/resource-status.ts';
import type { ResourceType } from '../runtime/kube-object.ts';

export const EXPERIMENTS: ResourceType = {
  ...{ group: RESOURCE_GROUP, version: RESOURCE_VERSION, plural: 'experiments', kind: 'Experiment' },
};
