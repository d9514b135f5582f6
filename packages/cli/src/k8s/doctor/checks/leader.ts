import { CONTROLLER_LEASE } from '../../names.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, problem, unknown } = findingsOf('leader');

const REMEDY = {
  remedy: 'kubectl logs deployment/controller; pods serve on, but changes of resources have no effect meanwhile',
  page: 'kubernetes.md#the-controller-is-gone',
};

/** Does a controller lead, and has it said so lately? */
export function checkLeader({ leases, nowMs }: Installation): Row[] {
  const subject = `lease/${CONTROLLER_LEASE}`;
  if (leases.state === 'unknown') return [unknown(subject, leases.reason)];
  const lease = listOf(leases).find(({ metadata }) => metadata.name === CONTROLLER_LEASE);
  if (lease === undefined) return [problem(subject, 'is not there: no controller has ever led', REMEDY)];
  const { holderIdentity = '', leaseDurationSeconds = 0, renewTime } = lease.spec ?? {};
  if (holderIdentity === '' || renewTime === undefined) return [problem(subject, 'is held by nobody', REMEDY)];
  const ageS = (nowMs - Date.parse(renewTime)) / 1000;
  if (ageS > leaseDurationSeconds)
    return [
      problem(
        subject,
        `${holderIdentity} has not renewed it for ${Math.round(ageS)} s; it lasts ${leaseDurationSeconds} s`,
        REMEDY,
      ),
    ];
  return [ok(subject, `${holderIdentity} leads, renewed ${Math.max(0, Math.round(ageS))} s ago`)];
}
