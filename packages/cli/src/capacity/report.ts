import type { Measurements } from './measurements.ts';
import type { Plan, Question } from './plan.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** The plan as a person reads it, with what it rests on and what it does not. */
export function capacityReport(question: Question, plan: Plan, { source, machine, commit }: Measurements): string {
  const { rps, sloMs, items, candidates, overheadMs, headroom, zones, priceCoreHour, priceGibHour } = question;
  const { basis } = plan;
  const lost = zones > 1 ? 'a zone' : 'a pod';
  const lines = [
    `${whole(rps)} requests/s with p99 <= ${sloMs} ms, ${whole(items)} items, ${candidates} candidates`,
    '',
    `  pods        ${plan.pods}${zones > 1 ? `, ${plan.podsPerZone} in each of ${zones} zones` : ', one of them to spare'}; ${whole(plan.rpsPerPod)} requests/s each at most`,
    `  cores       ${plan.cores}`,
    `  memory      ${plan.memoryGib.toFixed(1)} GiB, ${plan.memoryGibPerPod.toFixed(2)} GiB a pod`,
    `  cost        ${plan.costPerMillion.toFixed(3)} per million requests, ${plan.costPerHour.toFixed(2)} an hour (${priceCoreHour} per core and hour, ${priceGibHour} per GiB and hour; pods only)`,
    `  all there   ${percent(plan.whole.utilisation)} of saturation, p99 ${plan.whole.p99Ms.toFixed(1)} ms`,
    `  ${lost} gone ${percent(plan.zoneLost.utilisation)} of saturation, p99 ${plan.zoneLost.p99Ms.toFixed(1)} ms`,
    '',
    'Rests on',
    `  measured: ${whole(basis.items)} items, ${basis.candidates} candidates, ${basis.caches} caches, one process on one core:`,
    `    ${whole(basis.saturationRps)} requests/s at saturation, ${whole(basis.cpuUs)} us of CPU each; ` +
      basis.points.map(({ utilisation, p99Ms }) => `p99 ${p99Ms.toFixed(1)} ms at ${percent(utilisation)}`).join(', '),
    `    ${source}; ${machine}; commit ${commit}`,
    `  latency allows ${percent(plan.utilisationLimit)} of saturation (straight lines between measured loads, nothing beyond the highest); ${percent(headroom)} of that is left free`,
    `  ${overheadMs} ms of the p99 are for what lies before the pod; several processes do ${percent(plan.scaling)} of one, each`,
    '',
    'Model beside measurement (M/G/1, exponential tail, variation 1; no batching in it)',
    ...plan.validation.map(
      ({ processes, utilisation, measuredP99Ms, modelP99Ms }) =>
        `  ${processes} core${processes > 1 ? 's' : ' '} at ${percent(utilisation)}: p99 measured ${measuredP99Ms.toFixed(1)} ms, model ${modelP99Ms.toFixed(1)} ms`,
    ),
    '',
    plan.beyondMeasured.length === 0 ? 'Nothing of it is beyond what was measured.' : 'NOT MEASURED',
    ...plan.beyondMeasured.map((what) => `  ${what}`),
  ];
  return `${lines.join('\n')}\n`;
}
