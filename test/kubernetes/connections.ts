import type { KubeObject } from './kustomize.ts';
import type { PodTemplate } from './pods.ts';

/** Who a connection is from or to: labels of a pod, and of its namespace where that is not the policies' own. */
export interface Party {
  readonly pod?: Readonly<Record<string, string>>;
  /** Absent: the namespace of the policies. */
  readonly namespace?: Readonly<Record<string, string>>;
  /** Outside of the cluster. */
  readonly address?: string;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: 'In'; readonly values: string[] }[];
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: string | number; readonly protocol: string }[];
}
interface PolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const matches = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Readonly<Record<string, string>>) =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''));

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
function isWithin(address: string, cidr: string): boolean {
  const [network = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(network) / size);
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, party: Party): boolean {
  if (ipBlock !== undefined) {
    const { address } = party;
    return (
      address !== undefined &&
      isWithin(address, ipBlock.cidr) &&
      !(ipBlock.except ?? []).some((except) => isWithin(address, except))
    );
  }
  if (party.address !== undefined) return false;
  if (
    namespaceSelector === undefined ? party.namespace !== undefined : !matches(namespaceSelector, party.namespace ?? {})
  )
    return false;
  return podSelector === undefined || matches(podSelector, party.pod ?? {});
}

const sideOf = (
  policies: readonly PolicySpec[],
  type: 'Ingress' | 'Egress',
  self: Party,
  other: Party,
  ports: readonly (string | number)[],
): boolean => {
  const mine = policies.filter(
    ({ podSelector, policyTypes }) => policyTypes.includes(type) && matches(podSelector, self.pod ?? {}),
  );
  // Whom no policy selects may do everything.
  if (mine.length === 0) return true;
  const rules = mine.flatMap(({ ingress = [], egress = [] }) => (type === 'Ingress' ? ingress : egress));
  return rules.some((rule) => {
    const peers = type === 'Ingress' ? rule.from : rule.to;
    const isOpen = rule.ports === undefined || rule.ports.some(({ port }) => ports.includes(port));
    return isOpen && (peers === undefined || peers.some((peer) => isPeer(peer, other)));
  });
};

/** Whether the policies let `from` open a connection to `port` (by its name, and its number) of `to`. */
export function isAllowed(objects: readonly KubeObject[], from: Party, to: Party, ports: readonly (string | number)[]) {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as PolicySpec);
  const isOurs = ({ namespace, address }: Party) => namespace === undefined && address === undefined;
  return (
    (!isOurs(from) || sideOf(policies, 'Egress', from, to, ports)) &&
    (!isOurs(to) || sideOf(policies, 'Ingress', to, from, ports))
  );
}

/** A pod of a template as policies see it. */
export const partyOf = ({ labels }: PodTemplate): Party => ({ pod: labels });
