import type { ControlPlane } from './control-plane.ts';

/** What a node has. kwok would leave out the disk, without which no pod that asks for some is placed. */
const RESOURCES = { cpu: '1k', memory: '1Ti', pods: '1M', 'ephemeral-storage': '1Ti' };

/** Makes nodes, `perZone` in each zone, named `node-a` or `node-a1`, `node-a2`, ...; kwok keeps them Ready. */
export async function addNodes(plane: ControlPlane, zones: readonly string[], perZone = 1): Promise<void> {
  for (const zone of zones)
    for (let i = 1; i <= perZone; i++) {
      const name = `node-${zone}${perZone === 1 ? '' : i}`;
      const labels = { 'topology.kubernetes.io/zone': zone, 'kubernetes.io/hostname': name };
      await plane.request('POST', '/api/v1/nodes', {
        metadata: { name, labels },
        status: { allocatable: RESOURCES, capacity: RESOURCES },
      });
    }
}
