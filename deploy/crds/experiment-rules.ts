import { areDates, momentOf } from './dates.ts';
import { NAME_RULE } from './patterns.ts';
import type { Rules } from './structural-schema.ts';

const saltOf = (object: string): string => `(has(${object}.spec.salt) ? ${object}.spec.salt : ${object}.metadata.name)`;
const sum = 'self.map(v, v.weight).sum()';

/**
 * What the schema cannot say of an experiment. The experiments service checks the same (packages/experiments/src/documents)
 * and more, since it knows layers, metrics and releases; what it refuses becomes a condition.
 */
export const EXPERIMENT_RULES: Rules = {
  '': [
    NAME_RULE,
    {
      rule: `${saltOf('self')} == ${saltOf('oldSelf')}`,
      message:
        'the salt can never change (absent, it is the name): everybody would be in another variant. Delete this experiment and create another one',
      fieldPath: '.spec.salt',
    },
  ],
  spec: [
    {
      rule: "self.type != 'interleaving' || self.variants.size() == 2",
      message: 'interleaving compares exactly two variants',
      fieldPath: '.variants',
    },
    {
      rule: `!has(self.startsAt) || !has(self.endsAt) || !(${areDates('self.startsAt', 'self.endsAt')}) || ${momentOf('self.startsAt')} < ${momentOf('self.endsAt')}`,
      message: 'it ends before it begins: endsAt must be after startsAt',
      fieldPath: '.endsAt',
    },
    {
      rule: `!has(self.endsAt) || !(${areDates('self.endsAt')}) || self.ramp.all(s, !(${areDates('s.at')}) || ${momentOf('s.at')} < ${momentOf('self.endsAt')})`,
      message: 'a step of the ramp comes when the experiment has ended: every `at` must be before endsAt',
      fieldPath: '.ramp',
    },
  ],
  'spec.layer': [
    {
      rule: 'self == oldSelf',
      message:
        'the layer can never change: units of another layer are divided otherwise. Delete this experiment and create another one',
    },
  ],
  'spec.type': [
    {
      rule: 'self == oldSelf',
      message: 'the type can never change: delete this experiment and create another one',
    },
  ],
  'spec.allocation': [
    { rule: 'self > 0.0', message: 'of nobody nothing can be learnt: the allocation must be above 0' },
  ],
  'spec.targeting[]': [
    { rule: 'has(self.__in__) || has(self.notIn)', message: 'a target needs `in` or `notIn`, with values' },
  ],
  'spec.variants': [
    {
      // The tolerance of packages/experiments/src/documents/check-spec.ts.
      rule: `${sum} > 0.999999999 && ${sum} < 1.000000001`,
      message: 'the weights of the variants must add up to 1',
    },
    {
      rule: 'self.all(v, self.exists_one(o, o.name == v.name))',
      message: 'two variants have the same name',
    },
    {
      rule: "!self.exists(v, v.name == 'control') || self[0].name == 'control'",
      message: 'the first variant is control, to which all others are compared: put the one called control first',
    },
  ],
  'spec.ramp': [
    {
      rule: `!self.all(s, ${areDates('s.at')}) || self.map(s, ${momentOf('s.at')}).isSorted() && self.all(s, self.exists_one(o, ${momentOf('o.at')} == ${momentOf('s.at')}))`,
      message: 'the steps of a ramp must come one after another: each `at` later than the one before',
    },
    {
      rule: 'self.map(s, s.share).isSorted()',
      message: 'a ramp never puts anybody out: each `share` must be at least the one before',
    },
  ],
  'spec.metrics': [
    {
      rule: 'self.success.all(m, self.success.exists_one(o, o == m))',
      message: 'a success metric is named twice',
      fieldPath: '.success',
    },
    {
      rule: 'self.guardrails.all(g, self.guardrails.exists_one(o, o.metric == g.metric))',
      message: 'a guardrail metric is named twice',
      fieldPath: '.guardrails',
    },
    {
      rule: 'self.guardrails.all(g, !(g.metric in self.success))',
      message: 'a metric is success metric and guardrail at once: name it in one of the two',
      fieldPath: '.guardrails',
    },
  ],
  'spec.analysis': [
    {
      rule: 'self.daysMin < self.daysMax',
      message: 'nothing could ever be promoted: daysMax must be above daysMin',
      fieldPath: '.daysMax',
    },
  ],
};
