import type { PolicyValue } from '@shortlist/core/statistics/off-policy.ts';
import { tableOf } from '../table.ts';
import type { OffPolicyReport } from './off-policy.ts';

/** The estimates as a person reads them. */
export function offPolicyTable({ policy, reward, logged, target, ...counts }: OffPolicyReport): string {
  const { decisions, users, effectiveSampleSize, meanWeight, ips, snips, dr } = target;
  const row = (name: string, one: PolicyValue): string[] => [
    name,
    number(one.value),
    `${number(one.low)} to ${number(one.high)}`,
    number(one.standardError),
    name === 'logged' || logged.value === 0 ? '' : percent(one.value / logged.value - 1),
  ];
  const rows = [row('logged', logged), row('IPS', ips), row('SNIPS', snips), ...(dr === null ? [] : [row('DR', dr)])];
  const parameters = Object.keys(policy.parameters).length === 0 ? '' : ` with ${JSON.stringify(policy.parameters)}`;
  return [
    `${policy.release}${parameters}, without exploration: ${reward} per place that was left to chance.`,
    `${whole(decisions)} places of ${whole(counts.slates)} slates, ${whole(users)} shoppers; the log shows the policy's choice in ${whole(counts.matches)} of them, which is worth ${whole(effectiveSampleSize)} decisions (mean weight ${meanWeight.toFixed(3)}).`,
    '',
    tableOf([['', reward.toUpperCase(), '95 % INTERVAL', 'ERROR', 'AGAINST LOGGED'], ...rows], [1, 3, 4]),
  ].join('\n');
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const number = (value: number): string => Number(value.toPrecision(4)).toString();
const percent = (value: number): string => `${value < 0 ? '' : '+'}${(100 * value).toFixed(1)} %`;
