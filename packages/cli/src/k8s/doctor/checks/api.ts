import type { HorizontalPodAutoscaler } from '../../objects.ts';
import { SERVING } from '../../names.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('api');

/** From 1.33 on an autoscaler can have a tolerance of its own, from 1.35 on without a feature gate. */
const TOLERANCE_ALPHA = 33;
const TOLERANCE_DEFAULT = 35;

/** Can the API server hold what the autoscaler needs? Without a tolerance the band from 50 to 70 % is 54 to 66 %. */
export function checkApi({ version, autoscalers }: Installation): Row[] {
  if (version.state !== 'found')
    return [unknown('apiserver', version.state === 'unknown' ? version.reason : 'no /version')];
  const { major, minor, gitVersion } = version.value;
  // EKS and GKE write "35+".
  const number = Number.parseInt(minor, 10);
  if (Number(major) !== 1 || Number.isNaN(number))
    return [unknown('apiserver', `version ${gitVersion} is not understood`)];
  if (number < TOLERANCE_ALPHA)
    return [
      problem('apiserver', `${gitVersion} is older than 1.33: autoscalers have no tolerance of their own there`, {
        remedy: 'upgrade the control plane to 1.35 or newer',
      }),
    ];
  const reached = ok('apiserver', `${gitVersion} answers`);
  const autoscaler = listOf(autoscalers).find(({ spec }) => spec.scaleTargetRef.name === SERVING);
  if (autoscaler === undefined || hasTolerance(autoscaler)) return [reached];
  const subject = `hpa/${autoscaler.metadata.name}`;
  if (number < TOLERANCE_DEFAULT)
    return [
      reached,
      problem(subject, `the API server of ${gitVersion} dropped its tolerance: the feature gate is off`, {
        remedy:
          'set HPAConfigurableTolerance=true on kube-apiserver and kube-controller-manager, or upgrade to 1.35; then apply the autoscaler again',
      }),
    ];
  return [
    reached,
    warning(subject, 'has no tolerance in both directions: it acts at 10 % beside its targets', {
      remedy: 'apply the autoscaler of deploy/ again: shortlist k8s diff',
      page: 'runbooks/autoscaler-inactive.md',
    }),
  ];
}

const hasTolerance = ({ spec: { behavior } }: HorizontalPodAutoscaler): boolean =>
  behavior?.scaleUp?.tolerance !== undefined && behavior.scaleDown?.tolerance !== undefined;
