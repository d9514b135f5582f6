import { NAME_RULE } from './patterns.ts';
import type { Rules } from './structural-schema.ts';

/** What the schema cannot say of a ModelRelease. */
export const MODEL_RELEASE_RULES: Rules = {
  '': [NAME_RULE],
  spec: [
    {
      rule: "self.rollout.strategy != 'experiment' || has(self.guardExperiment)",
      message: 'strategy experiment needs guardExperiment: the experiment that decides',
      fieldPath: '.rollout.strategy',
    },
  ],
  'spec.release': [
    {
      rule: 'self == oldSelf',
      message: 'a ModelRelease is of one release for good: create another ModelRelease for another release',
    },
  ],
  'spec.manifestSha256': [
    {
      rule: 'self == oldSelf',
      message: 'what a release holds never changes: create another ModelRelease for another manifest',
    },
  ],
  'spec.deployment': [
    {
      rule: 'self == oldSelf',
      message: 'the deployment can never change: create another ModelRelease for another one',
    },
  ],
  'spec.rollout': [
    {
      rule: "self.strategy != 'pods' || has(self.podShare)",
      message: 'strategy pods needs podShare: the share of the pods that serve the release first',
      fieldPath: '.strategy',
    },
    {
      rule: "self.strategy == 'pods' || !has(self.podShare)",
      message: 'podShare has a meaning with strategy pods only: set the strategy, or leave it out',
      fieldPath: '.podShare',
    },
  ],
  'spec.attempt': [{ rule: 'self >= oldSelf', message: 'attempts are counted upwards: raise it to try again' }],
};
